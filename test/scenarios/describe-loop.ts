import 'reflect-metadata';
import { startAllInOne } from '@headrace/all-in-one';
import { runTour } from '@headrace/all-in-one/demo';
import { demoEnvironment } from '@headrace/all-in-one/demo-environment';
import { FeaturesComputed, PredictionMade, ReadingAccepted } from '@headrace/contracts';
import { SystemClock } from '@headrace/kernel';
import { PinoServiceLogger } from '@headrace/service-host';
import { eventually, temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';

interface ChainNode {
  readonly type: string;
  readonly payload: { readonly systemId?: string };
  readonly causes: readonly ChainNode[];
  readonly missing: readonly string[];
}

/** Asks the console to explain the newest prediction from the stream; one system was predicted by request. */
async function explainPrediction(consoleUrl: string): Promise<ChainNode> {
  const { systems } = (await (await fetch(`${consoleUrl}/v1/overview`)).json()) as {
    systems: Record<string, { points: { predictionId: string }[] }>;
  };
  const id = Object.entries(systems)
    .find(([system]) => system !== 'fleet-0001')?.[1]
    .points.at(-1)?.predictionId;
  const answer = await fetch(`${consoleUrl}/why/prediction/${id}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as ChainNode;
}

/** From the effect to its first cause. */
function listTypes(node: ChainNode): string[] {
  return [node.type, ...node.causes.slice(0, 1).flatMap(listTypes)];
}

/** Declares the scenario of the whole loop. Only the environment differs between backends. */
export function describeLoop(backends: string, environment: () => Promise<Record<string, string>>): void {
  describe(`the loop on ${backends}`, () => {
    it(
      'brings up a first model, rolls back a bad one, notices a shift and replaces the model',
      { timeout: 2_400_000 },
      async () => {
        const logger = new PinoServiceLogger('scenario', { logLevel: 'warn', logFormat: 'json' });
        const platform = await startAllInOne(
          { ...demoEnvironment(temporaryDirectory()), HEADRACE_LOG_LEVEL: 'error', ...(await environment()) },
          logger,
        );
        try {
          const report = await runTour(platform, {
            seed: 42,
            clock: new SystemClock(),
            stepTimeoutMs: 300_000,
            log: () => undefined,
          });
          expect(report.steps.map(({ name }) => name)).toEqual([
            'history',
            'first-model',
            'predictions',
            'bad-version',
            'shift',
            'retrained',
          ]);
          const step = (name: string) => report.steps.find((each) => each.name === name)?.evidence ?? {};
          expect(step('bad-version')).toMatchObject({ version: 2, restored: 1 });
          expect(step('bad-version')['evidence']).not.toEqual([]);
          expect(step('retrained')).toMatchObject({ replaced: 1 });

          // The console reads topics independently of each other, so it may see an effect before its causes.
          const chain = await eventually(async () => {
            const found = await explainPrediction(platform.getUrl('console'));
            expect(listTypes(found)).toEqual([
              PredictionMade.type,
              FeaturesComputed.type,
              ReadingAccepted.type,
            ]);
            return found;
          });
          const reading = chain.causes[0]?.causes[0];
          expect(reading?.payload.systemId).toBe(chain.payload.systemId);
          expect(reading?.missing).toEqual([]);
        } finally {
          await platform.close();
        }
      },
    );
  });
}
