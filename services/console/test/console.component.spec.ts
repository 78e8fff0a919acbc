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
import { startComponent, type HttpAnswer } from '@headrace/service-host/testing';
import { eventually } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { consoleService } from '../src/console.module.js';

const golden = <Definition extends EventDefinition>(
  definition: Definition,
  sample: string,
): PayloadOf<Definition> =>
  definition.payload.parse(
    JSON.parse(
      readFileSync(
        join(import.meta.dirname, `../../../libs/contracts/src/events/golden/${sample}.v1.json`),
        'utf8',
      ),
    ),
  ) as PayloadOf<Definition>;
const time = new Date('2026-11-23T10:00:00Z');

const start = () => startComponent(consoleService, { environment: { CONSOLE_LIVE_INTERVAL_MS: '100' } });

interface Node {
  readonly id: string;
  readonly causes: readonly Node[];
}
const idsOf = (node: Node): string[] => [node.id, ...node.causes.flatMap(idsOf)];
const idsIn = ({ body }: HttpAnswer): string[] => idsOf(body as unknown as Node);

describe('the console', () => {
  it('explains a prediction back to the reading, also after a restart', async () => {
    const { publish, get, restart } = await start();
    await publish(ReadingAccepted, [
      { id: 'reading-1', time, payload: golden(ReadingAccepted, 'reading-accepted') },
    ]);
    await publish(FeaturesComputed, [
      {
        id: 'features-1',
        time,
        payload: golden(FeaturesComputed, 'features-computed'),
        causationIds: ['reading-1'],
      },
    ]);
    await publish(PredictionMade, [
      {
        id: 'prediction-1',
        time,
        payload: golden(PredictionMade, 'prediction-made'),
        causationIds: ['features-1'],
      },
    ]);
    const expected = ['prediction-1', 'features-1', 'reading-1'];
    await eventually(async () => expect(idsIn(await get('/why/prediction/prediction-1'))).toEqual(expected));
    await restart();
    await eventually(async () => expect(idsIn(await get('/why/prediction/prediction-1'))).toEqual(expected));
  });

  it('explains an alert by the drift behind it, and keeps decisions over a restart', async () => {
    const { publish, get, restart } = await start();
    await publish(ModelVersionCreated, [
      { id: 'version-3', time, payload: golden(ModelVersionCreated, 'model-version-created') },
    ]);
    await publish(DriftDetected, [{ id: 'drift-1', time, payload: golden(DriftDetected, 'drift-detected') }]);
    await publish(AlertFired, [
      { id: 'alert-1', time, payload: golden(AlertFired, 'alert-fired'), causationIds: ['drift-1'] },
    ]);
    await eventually(async () => expect(idsIn(await get('/why/alert/al-1'))).toEqual(['alert-1', 'drift-1']));
    // Topics are followed independently of each other.
    const version = encodeURIComponent('performance-predictor/3');
    await eventually(async () =>
      expect((await get(`/why/version/${version}`)).body).toMatchObject({ id: 'version-3' }),
    );
    await restart();
    await eventually(async () =>
      expect((await get('/v1/overview')).body).toMatchObject({
        alerts: [{ alertId: 'al-1' }],
        versions: [{ modelName: 'performance-predictor', version: 3 }],
      }),
    );
  });

  it('serves a page that loads only its own files, and says when nothing is known', async () => {
    const { get } = await start();
    const page = await get('/');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const file of ['app.js', 'style.css']) expect((await get(`/${file}`)).status).toBe(200);
    expect((await get('/why/alert/nobody')).body).toMatchObject({
      status: 404,
      code: 'CONSOLE_NOTHING_KNOWN',
    });
    expect((await get('/why/weather/1')).body).toMatchObject({ status: 400 });
    expect((await get('/..%2f..%2fpackage.json')).status).toBe(404);
  });
});
