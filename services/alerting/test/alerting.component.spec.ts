import 'reflect-metadata';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { DriftDetected, NotificationFailed, PerformanceMeasured, RolloutPromoted } from '@headrace/contracts';
import { startComponent } from '@headrace/service-host/testing';
import { eventually } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alerting } from '../src/alerting.module.js';

const time = '2026-11-23T10:00:00.000Z';
const drifted = (driftId: string) => ({
  driftId,
  modelName: 'performance-predictor',
  modelVersion: 3,
  kind: 'feature' as const,
  features: ['cpu_usage'],
  evidence: [],
  windowsInARow: 3,
  policyVersion: 'default@1',
  detectedAt: time,
});

async function start(environment: Record<string, string> = {}) {
  const component = await startComponent(alerting, {
    environment: {
      ALERTING_TICK_MS: '20',
      ALERTING_GROUP_WAIT_MS: '0',
      ALERTING_GROUP_INTERVAL_MS: '0',
      ...environment,
    },
  });
  const { get, post, publish, eventsOf, restart } = component;
  const alerts = async () =>
    (await get('/api/v2/alerts')).body as unknown as {
      alertId: string;
      labels: Record<string, string>;
      occurrences: number;
      status: { state: string };
    }[];
  const refusals = async (): Promise<string[]> =>
    (await eventsOf(NotificationFailed)).map(({ payload }) => payload.message);
  return { post, publish, restart, alerts, refusals };
}

/** A receiver of webhooks that refuses the first `refusals` calls. */
async function receiver(refusals = 0) {
  const bodies: { status: string; alerts: { labels: Record<string, string> }[] }[] = [];
  let calls = 0;
  const server = createServer((request, answer) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      calls += 1;
      if (calls > refusals) bodies.push(JSON.parse(text) as (typeof bodies)[number]);
      answer.writeHead(calls > refusals ? 200 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}

describe('alerting', () => {
  it('fires once for a repeated cause, counts the repeats, and resolves when a new model is promoted', async () => {
    const { publish, alerts } = await start();
    await publish(DriftDetected, [
      { id: 'e1', time: new Date(time), payload: drifted('d1') },
      { id: 'e2', time: new Date(time), payload: drifted('d2') },
      { id: 'e2', time: new Date(time), payload: drifted('d2') },
    ]);
    await eventually(async () => {
      expect(await alerts()).toMatchObject([
        {
          labels: { alertname: 'model_drift', modelName: 'performance-predictor', kind: 'feature' },
          occurrences: 2,
        },
      ]);
    });
    await publish(RolloutPromoted, [
      {
        id: 'p1',
        time: new Date(time),
        payload: {
          modelName: 'performance-predictor',
          modelVersion: 4,
          rolloutId: 'r',
          previousVersion: 3,
          evidence: [],
          policyVersion: 'default@1',
          promotedAt: time,
          reason: 'healthy',
        },
      },
    ]);
    await eventually(async () => expect(await alerts()).toEqual([]));
  });

  it.each([
    [{ startsAt: '0001-01-01T00:00:00Z', endsAt: '0001-01-01T00:00:00Z' }],
    [{ startsAt: '0001-01-01T00:00:00.000Z' }],
    [{ endsAt: '0001-01-01T01:00:00+01:00' }],
  ])('reads the zero time of Go as a time that was not given (alertmanager#3341): %o', async (times) => {
    const { post, alerts } = await start();
    expect((await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' }, ...times }])).status).toBe(
      200,
    );
    expect(await alerts()).toMatchObject([
      {
        labels: { alertname: 'disk_full' },
        startsAt: '2026-11-23T12:00:00.000Z',
        status: { state: 'active' },
      },
    ]);
  });

  it('takes an empty label for one that is not there (grafana#90284)', async () => {
    const { post, alerts } = await start();
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' } }]);
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full', extra: '' } }]);
    expect(await alerts()).toMatchObject([{ labels: { alertname: 'disk_full' }, occurrences: 2 }]);
  });

  it('tells a webhook that refuses at first, again and then that it is over', async () => {
    const hook = await receiver(2);
    const { post } = await start({ ALERTING_WEBHOOK_URL: hook.url, ALERTING_ALLOW_PRIVATE_TARGETS: 'true' });
    const labels = { alertname: 'disk_full', severity: 'critical' };
    expect((await post('/api/v2/alerts', [{ labels }])).status).toBe(200);
    await eventually(() =>
      expect(hook.bodies.at(-1)).toMatchObject({ status: 'firing', alerts: [{ labels }] }),
    );
    await post('/api/v2/alerts', [{ labels, endsAt: '2026-11-23T11:00:00Z' }]);
    await eventually(() => expect(hook.bodies.at(-1)).toMatchObject({ status: 'resolved' }));
  });

  it('never calls a private address unless it is allowed', async () => {
    const hook = await receiver();
    const { post, refusals } = await start({ ALERTING_WEBHOOK_URL: hook.url });
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' } }]);
    await eventually(async () => expect((await refusals())[0]).toContain('127.0.0.1'));
    expect(hook.bodies).toEqual([]);
  });

  it('keeps quiet about silenced alerts, visible as suppressed at once (alertmanager#979)', async () => {
    const { post, alerts } = await start();
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' } }]);
    const answer = await post('/api/v2/silences', {
      matchers: [{ name: 'alertname', value: 'disk_.*', isRegex: true, isEqual: true }],
      startsAt: '2026-11-23T11:00:00Z',
      endsAt: '2026-11-23T13:00:00Z',
      createdBy: 'me',
      comment: 'maintenance',
    });
    expect(answer.body).toMatchObject({ silenceID: expect.any(String) as string });
    expect((await alerts())[0]?.status.state).toBe('suppressed');
  });

  it('lets a person take an alert over, and refuses when there is none', async () => {
    const { post, alerts } = await start();
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' } }]);
    const [alert] = await alerts();
    const taken = await post(`/v1/alerts/${alert!.alertId}/acknowledge`, { by: 'on-call' });
    expect(taken.body).toMatchObject({ acknowledgedBy: 'on-call' });
    const missing = await post('/v1/alerts/nobody/acknowledge', { by: 'on-call' });
    expect(missing.status).toBe(404);
    expect(missing.body).toMatchObject({ code: 'ALERTING_ALERT_NOT_FOUND' });
  });

  it('still knows its alerts after a restart', async () => {
    const { post, restart, alerts } = await start();
    await post('/api/v2/alerts', [{ labels: { alertname: 'disk_full' } }]);
    await restart();
    expect(await alerts()).toMatchObject([{ labels: { alertname: 'disk_full' } }]);
  });

  it('does not fire on a metric without data', async () => {
    const { publish, alerts } = await start();
    const measured = (accuracy: number | null) => ({
      modelName: 'm',
      modelVersion: 1,
      windowStart: time,
      windowEnd: time,
      predictions: 10,
      labelled: 0,
      metrics: { accuracy },
      verdict: 'no-data' as const,
      evidence: [],
      measuredAt: time,
    });
    await publish(PerformanceMeasured, [
      { id: 'm1', time: new Date(time), payload: measured(null) },
      { id: 'm2', time: new Date(time), payload: { ...measured(0.5), modelName: 'other' } },
    ]);
    await eventually(async () =>
      expect((await alerts()).map(({ labels }) => labels['modelName'])).toEqual(['other']),
    );
  });

  it('answers bad input with 400 and a reason', async () => {
    const { post } = await start();
    const bad = ['{', JSON.stringify([{ labels: {} }]), JSON.stringify('x'), ''];
    for (const body of bad) {
      const answer = await post('/api/v2/alerts', body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(answer.body).toMatchObject({ status: 400, detail: expect.any(String) as string });
    }
  });
});
