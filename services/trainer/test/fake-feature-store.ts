import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { SeededRandom } from '@headrace/kernel';
import { type ObjectStore } from '@headrace/object-store';

export interface GeneratedRow {
  readonly system_id: string;
  readonly event_time: string;
  readonly label: number;
  readonly [feature: string]: number | string | null;
}

export const featureNames = ['cpu_usage_mean_5m', 'memory_usage_mean_5m', 'disk_io_max_60m', 'hour'];

/** Systems at one reading a minute; an incident is near where the load is high. One value in fifty is not known. */
export function generateRows(
  minutes: number,
  options: { positive?: (load: number) => boolean } = {},
): GeneratedRow[] {
  const random = new SeededRandom(42);
  const positive = options.positive ?? ((load) => load > 82);
  const start = Date.parse('2026-11-20T00:00:00Z');
  const rows: GeneratedRow[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const system of ['web-1', 'web-2', 'db-1']) {
      const phase = minute / 20 + (system === 'db-1' ? 2 : 0);
      const load = 55 + 25 * Math.sin(phase) + 6 * random.normal();
      rows.push({
        system_id: system,
        event_time: new Date(start + minute * 60_000).toISOString(),
        cpu_usage_mean_5m: random.next() < 0.02 ? null : load + 3 * random.normal(),
        memory_usage_mean_5m: 40 + 10 * random.normal(),
        disk_io_max_60m: 1000 * random.next(),
        hour: Math.floor(minute / 60) % 24,
        label: positive(load) ? 1 : 0,
      });
    }
  }
  return rows;
}

/** Answers as the feature store does, and writes its sets into the same object store. */
export class FakeFeatureStore {
  rows: readonly GeneratedRow[] = [];
  /** Answers this status instead, while it is set. */
  failing: number | undefined;
  builds = 0;
  readonly requests: unknown[] = [];
  private readonly server: Server;

  private objects: ObjectStore | undefined;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const work = this.answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks).toString());
        void work.then(({ status, body }) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(body));
        });
      });
    });
  }

  async listen(objects: ObjectStore): Promise<string> {
    this.objects = objects;
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(
    method: string,
    url: string,
    body: string,
  ): Promise<{ status: number; body: unknown }> {
    if (this.failing !== undefined) {
      return { status: this.failing, body: { code: 'TEST_FAILING', detail: 'as configured' } };
    }
    const { rows } = this;
    const positives = rows.filter((row) => row.label === 1).length;
    if (method === 'GET' && url.startsWith('/v1/training-sets/preview?')) {
      return { status: 200, body: { rows: rows.length, positives } };
    }
    if (method !== 'POST' || url !== '/v1/training-sets') return { status: 404, body: { detail: url } };
    this.builds += 1;
    this.requests.push(JSON.parse(body));
    const content = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
    if (this.objects === undefined) throw new Error('the feature store is not listening');
    const { key, digest } = await this.objects.put(`training-sets/${rows.length}.jsonl`, content);
    const times = rows.map((row) => row.event_time);
    const span = { from: times[0] ?? '2026-11-20T00:00:00Z', to: times.at(-1) ?? '2026-11-20T00:00:00Z' };
    return { status: 200, body: { key, digest, rows: rows.length, positives, ...span, featureNames } };
  }
}
