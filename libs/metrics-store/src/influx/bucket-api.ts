import { MetricsStoreRefusedError, MetricsStoreUnavailableError } from '../metrics-store-errors.js';
import { describeError } from '@headrace/kernel';

interface Place {
  readonly url: string;
  readonly token: string;
  readonly org: string;
  readonly bucket: string;
}

interface Bucket {
  readonly id: string;
  readonly retentionRules?: readonly { readonly everySeconds: number }[];
}

/** The few calls of InfluxDB's management API that a bucket takes. */
export class BucketApi {
  constructor(
    private readonly place: Place,
    private readonly timeoutMs: number,
  ) {}

  /** Makes the bucket when it is missing, and gives it the retention. */
  async provide(retentionSeconds: number): Promise<void> {
    const { org, bucket } = this.place;
    const retentionRules = [{ type: 'expire', everySeconds: retentionSeconds }];
    const found = await this.find();
    if (found === undefined) {
      const made = await this.call('POST', '/buckets', {
        orgID: await this.orgId(),
        name: bucket,
        retentionRules,
      });
      // 422: another process made it in between.
      if (!made.ok && made.status !== 422) {
        throw await this.refusal(made, `making bucket ${bucket} of ${org}`);
      }
    } else if (found.retentionRules?.[0]?.everySeconds !== retentionSeconds) {
      const changed = await this.call('PATCH', `/buckets/${encodeURIComponent(found.id)}`, {
        retentionRules,
      });
      if (!changed.ok) throw await this.refusal(changed, `setting the retention of bucket ${bucket}`);
    }
  }

  private async find(): Promise<Bucket | undefined> {
    const { org, bucket } = this.place;
    const answer = await this.call(
      'GET',
      `/buckets?${new URLSearchParams({ org, name: bucket }).toString()}`,
    );
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw await this.refusal(answer, `looking for bucket ${bucket} of ${org}`);
    const { buckets } = (await answer.json()) as { readonly buckets?: readonly Bucket[] };
    return buckets?.[0];
  }

  private async orgId(): Promise<string> {
    const { org } = this.place;
    const answer = await this.call('GET', `/orgs?${new URLSearchParams({ org }).toString()}`);
    if (!answer.ok) throw await this.refusal(answer, `looking for organisation ${org}`);
    const { orgs } = (await answer.json()) as { readonly orgs?: readonly { readonly id: string }[] };
    const id = orgs?.[0]?.id;
    if (id === undefined) throw new MetricsStoreRefusedError(`InfluxDB has no organisation ${org}`);
    return id;
  }

  private async call(method: string, path: string, body?: object): Promise<Response> {
    try {
      return await fetch(new URL(`api/v2${path}`, `${this.place.url.replace(/\/+$/, '')}/`), {
        method,
        headers: { authorization: `Token ${this.place.token}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(this.timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new MetricsStoreUnavailableError(
        `InfluxDB at ${this.place.url} cannot be reached (${describeError(error)})`,
        { cause: error },
      );
    }
  }

  private async refusal(answer: Response, doing: string): Promise<Error> {
    const message = `InfluxDB at ${this.place.url} answered ${answer.status} at ${doing}: ${(await answer.text()).slice(0, 200)}`;
    return answer.status >= 500 || answer.status === 429
      ? new MetricsStoreUnavailableError(message)
      : new MetricsStoreRefusedError(message);
  }
}
