import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AlertFired,
  DriftDetected,
  FeaturesComputed,
  ModelVersionCreated,
  PredictionMade,
  ReadingAccepted,
  type EventDefinition,
  type PayloadOf,
} from '@headrace/contracts';
import { BusEventPublisher } from '@headrace/messaging';
import { backendsConfigSchema, connectBackends, parseConfig, startService } from '@headrace/service-host';
import { eventually, FakeClock, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { console } from '../src/console.module.js';

const golden = <Definition extends EventDefinition>(
  definition: Definition,
  fact: string,
): PayloadOf<Definition> =>
  definition.payload.parse(
    JSON.parse(
      readFileSync(
        join(import.meta.dirname, `../../../libs/contracts/src/events/golden/${fact}.v1.json`),
        'utf8',
      ),
    ),
  ) as PayloadOf<Definition>;
const time = new Date('2026-11-23T10:00:00Z');

async function start(directory = temporaryDirectory()) {
  const env = {
    HEADRACE_DATA_DIR: directory,
    HEADRACE_PORT_BASE: '0',
    HEADRACE_LOG_LEVEL: 'silent',
    CONSOLE_LIVE_INTERVAL_MS: '100',
  };
  const backends = await connectBackends(parseConfig(backendsConfigSchema, env), {
    services: [console],
    clock: new FakeClock(),
  });
  const service = await startService(console, env, backends);
  const close = async (): Promise<void> => {
    await service.close();
    await backends.close();
  };
  onTestFinished(close);
  const publisher = new BusEventPublisher(backends.bus, 'test', new FakeClock());
  const get = async (path: string): Promise<unknown> => (await fetch(`${service.httpUrl}/${path}`)).json();
  return { url: service.httpUrl, publisher, get, close, directory };
}

interface Node {
  readonly id: string;
  readonly causes: readonly Node[];
}
const idsOf = (node: Node): string[] => [node.id, ...node.causes.flatMap(idsOf)];

describe('the console', () => {
  it('explains a prediction back to the reading, also after a restart', async () => {
    const first = await start();
    await first.publisher.publish(ReadingAccepted, [
      { id: 'reading-1', time, payload: golden(ReadingAccepted, 'reading-accepted') },
    ]);
    await first.publisher.publish(FeaturesComputed, [
      {
        id: 'features-1',
        time,
        payload: golden(FeaturesComputed, 'features-computed'),
        causationIds: ['reading-1'],
      },
    ]);
    await first.publisher.publish(PredictionMade, [
      {
        id: 'prediction-1',
        time,
        payload: golden(PredictionMade, 'prediction-made'),
        causationIds: ['features-1'],
      },
    ]);
    const expected = ['prediction-1', 'features-1', 'reading-1'];
    await eventually(async () =>
      expect(idsOf((await first.get('why/prediction/prediction-1')) as Node)).toEqual(expected),
    );
    await first.close();
    const second = await start(first.directory);
    await eventually(async () =>
      expect(idsOf((await second.get('why/prediction/prediction-1')) as Node)).toEqual(expected),
    );
  });

  it('explains an alert by the drift behind it, and keeps decisions over a restart', async () => {
    const first = await start();
    await first.publisher.publish(ModelVersionCreated, [
      { id: 'version-3', time, payload: golden(ModelVersionCreated, 'model-version-created') },
    ]);
    await first.publisher.publish(DriftDetected, [
      { id: 'drift-1', time, payload: golden(DriftDetected, 'drift-detected') },
    ]);
    await first.publisher.publish(AlertFired, [
      { id: 'alert-1', time, payload: golden(AlertFired, 'alert-fired'), causationIds: ['drift-1'] },
    ]);
    await eventually(async () =>
      expect(idsOf((await first.get('why/alert/al-1')) as Node)).toEqual(['alert-1', 'drift-1']),
    );
    // Topics are followed independently of each other.
    const version = encodeURIComponent('performance-predictor/3');
    await eventually(async () =>
      expect(await first.get(`why/version/${version}`)).toMatchObject({ id: 'version-3' }),
    );
    await first.close();
    const second = await start(first.directory);
    await eventually(async () =>
      expect(await second.get('v1/overview')).toMatchObject({
        alerts: [{ alertId: 'al-1' }],
        versions: [{ modelName: 'performance-predictor', version: 3 }],
      }),
    );
  });

  it('serves a page that loads only its own files, and says when nothing is known', async () => {
    const { url, get } = await start();
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const file of ['app.js', 'style.css']) expect((await fetch(`${url}/${file}`)).status).toBe(200);
    expect(await get('why/alert/nobody')).toMatchObject({ status: 404, code: 'CONSOLE_NOTHING_KNOWN' });
    expect(await get('why/weather/1')).toMatchObject({ status: 400 });
    expect((await fetch(`${url}/..%2f..%2fpackage.json`)).status).toBe(404);
  });
});
