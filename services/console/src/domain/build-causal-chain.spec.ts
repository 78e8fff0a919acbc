import { describe, expect, it } from 'vitest';
import { buildCausalChain, type ChainEvent } from './build-causal-chain.js';

const event = (id: string, ...causationIds: string[]): ChainEvent => ({
  id,
  type: `headrace.test.${id}`,
  time: '2026-11-23T10:00:00Z',
  payload: {},
  causationIds,
});
const finder =
  (...events: ChainEvent[]) =>
  (id: string): Promise<ChainEvent | undefined> =>
    Promise.resolve(events.find((candidate) => candidate.id === id));

describe('buildCausalChain', () => {
  it('walks from an alert over drift back to the reading', async () => {
    const chain = await buildCausalChain(
      event('alert', 'drift'),
      finder(event('drift', 'features'), event('features', 'reading'), event('reading')),
    );
    expect(chain.causes[0]?.causes[0]?.causes[0]?.id).toBe('reading');
  });

  it('names causes that are no longer stored instead of hiding them', async () => {
    const chain = await buildCausalChain(event('alert', 'drift', 'gone'), finder(event('drift')));
    expect(chain.causes.map((cause) => cause.id)).toEqual(['drift']);
    expect(chain.missing).toEqual(['gone']);
  });

  it('ends on a cycle and shows a shared cause once', async () => {
    const chain = await buildCausalChain(
      event('a', 'b', 'c'),
      finder(event('b', 'd', 'a'), event('c', 'd'), event('d')),
    );
    expect(chain.causes.map((cause) => cause.causes.map((deeper) => deeper.id))).toEqual([['d'], []]);
  });

  it('stops at its limits and says what it left out', async () => {
    const endless = (id: string): Promise<ChainEvent> => Promise.resolve(event(id, `${id}x`));
    const chain = await buildCausalChain(event('x', 'xx'), endless, { depth: 2, nodes: 100 });
    expect(chain.causes[0]?.causes[0]?.missing).toEqual(['xxxx']);
  });
});
