import 'reflect-metadata';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { DriftDetected, NotificationFailed, PerformanceMeasured, RolloutPromoted } from '@headrace/contracts';
import { openPglite } from '@headrace/database';
import { BusEventPublisher, replay } from '@headrace/messaging';
import { backendsConfigSchema, connectBackends, parseConfig, startService } from '@headrace/service-host';
import { copiesOf, eventually, FakeClock, temporaryDirectory } from '@headrace/testing';
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

/** Making a database takes seconds, copying a new one does not. */
const newDatabase = copiesOf(async (path) => (await openPglite(path)).close());

async function start(environment: Record<string, string> = {}, given?: string) {
  const directory = given ?? temporaryDirectory();
  if (given === undefined) newDatabase(join(directory, 'database'));
  const env = {
    HEADRACE_DATA_DIR: directory,
    HEADRACE_PORT_BASE: '0',
    HEADRACE_LOG_LEVEL: 'silent',
    ALERTING_TICK_MS: '20',
    ALERTING_GROUP_WAIT_MS: '0',
    ALERTING_GROUP_INTERVAL_MS: '0',
    ...environment,
  };
  const clock = new FakeClock();
  const backends = await connectBackends(parseConfig(backendsConfigSchema, env), {
    services: [alerting],
    clock,
  });
  const service = await startService(alerting, env, backends);
  const close = async (): Promise<void> => {
    await service.close();
    await backends.close();
  };
  onTestFinished(close);
  const publisher = new BusEventPublisher(backends.bus, 'test', clock);
  const alerts = async () =>
    (await (await fetch(`${service.httpUrl}/api/v2/alerts`)).json()) as {
      alertId: string;
      labels: Record<string, string>;
      occurrences: number;
      status: { state: string };
    }[];
  const refusals = async (): Promise<string[]> => {
    const messages: string[] = [];
    for await (const { payload } of replay(backends.bus, NotificationFailed)) messages.push(payload.message);
    return messages;
  };
  return { url: service.httpUrl, publisher, alerts, refusals, clock, close, directory };
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

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
    const { publisher, alerts } = await start();
    await publisher.publish(DriftDetected, [
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
    await publisher.publish(RolloutPromoted, [
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

  it('tells a webhook that refuses at first, again and then that it is over', async () => {
    const hook = await receiver(2);
    const { url } = await start({ ALERTING_WEBHOOK_URL: hook.url, ALERTING_ALLOW_PRIVATE_TARGETS: 'true' });
    const labels = { alertname: 'disk_full', severity: 'critical' };
    expect((await post(`${url}/api/v2/alerts`, [{ labels }])).status).toBe(200);
    await eventually(() =>
      expect(hook.bodies.at(-1)).toMatchObject({ status: 'firing', alerts: [{ labels }] }),
    );
    await post(`${url}/api/v2/alerts`, [{ labels, endsAt: '2026-11-23T11:00:00Z' }]);
    await eventually(() => expect(hook.bodies.at(-1)).toMatchObject({ status: 'resolved' }));
  });

  it('never calls a private address unless it is allowed', async () => {
    const hook = await receiver();
    const { url, refusals } = await start({ ALERTING_WEBHOOK_URL: hook.url });
    await post(`${url}/api/v2/alerts`, [{ labels: { alertname: 'disk_full' } }]);
    await eventually(async () => expect((await refusals())[0]).toContain('127.0.0.1'));
    expect(hook.bodies).toEqual([]);
  });

  it('keeps quiet about silenced alerts, visible as suppressed at once (alertmanager#979)', async () => {
    const { url, alerts } = await start();
    await post(`${url}/api/v2/alerts`, [{ labels: { alertname: 'disk_full' } }]);
    const answer = await post(`${url}/api/v2/silences`, {
      matchers: [{ name: 'alertname', value: 'disk_.*', isRegex: true, isEqual: true }],
      startsAt: '2026-11-23T11:00:00Z',
      endsAt: '2026-11-23T13:00:00Z',
      createdBy: 'me',
      comment: 'maintenance',
    });
    expect(await answer.json()).toMatchObject({ silenceID: expect.any(String) as string });
    expect((await alerts())[0]?.status.state).toBe('suppressed');
  });

  it('lets a person take an alert over, and refuses when there is none', async () => {
    const { url, alerts } = await start();
    await post(`${url}/api/v2/alerts`, [{ labels: { alertname: 'disk_full' } }]);
    const [alert] = await alerts();
    const taken = await post(`${url}/v1/alerts/${alert!.alertId}/acknowledge`, { by: 'on-call' });
    expect(await taken.json()).toMatchObject({ acknowledgedBy: 'on-call' });
    const missing = await post(`${url}/v1/alerts/nobody/acknowledge`, { by: 'on-call' });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'ALERTING_ALERT_NOT_FOUND' });
  });

  it('still knows its alerts after a restart', async () => {
    const first = await start();
    await post(`${first.url}/api/v2/alerts`, [{ labels: { alertname: 'disk_full' } }]);
    await first.close();
    const second = await start({}, first.directory);
    expect(await second.alerts()).toMatchObject([{ labels: { alertname: 'disk_full' } }]);
  });

  it('does not fire on a metric without data', async () => {
    const { publisher, alerts } = await start();
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
    await publisher.publish(PerformanceMeasured, [
      { id: 'm1', time: new Date(time), payload: measured(null) },
      { id: 'm2', time: new Date(time), payload: { ...measured(0.5), modelName: 'other' } },
    ]);
    await eventually(async () =>
      expect((await alerts()).map(({ labels }) => labels['modelName'])).toEqual(['other']),
    );
  });

  it('answers bad input with 400 and a reason', async () => {
    const { url } = await start();
    const bad = ['{', JSON.stringify([{ labels: {} }]), JSON.stringify('x'), ''];
    for (const body of bad) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body });
      expect([body, answer.status]).toEqual([body, 400]);
      expect(await answer.json()).toMatchObject({ status: 400, detail: expect.any(String) as string });
    }
  });
});
