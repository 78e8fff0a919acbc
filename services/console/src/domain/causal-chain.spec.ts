import { describe, expect, it } from 'vitest';
import { causalChain, type ChainFact } from './causal-chain.js';

const fact = (id: string, ...causationIds: string[]): ChainFact => ({
  id,
  type: `headrace.test.${id}`,
  time: '2026-11-23T10:00:00Z',
  payload: {},
  causationIds,
});
const finder =
  (...facts: ChainFact[]) =>
  (id: string): Promise<ChainFact | undefined> =>
    Promise.resolve(facts.find((candidate) => candidate.id === id));

describe('causalChain', () => {
  it('walks from an alert over drift back to the reading', async () => {
    const chain = await causalChain(
      fact('alert', 'drift'),
      finder(fact('drift', 'features'), fact('features', 'reading'), fact('reading')),
    );
    expect(chain.causes[0]?.causes[0]?.causes[0]?.id).toBe('reading');
  });

  it('names causes that are no longer stored instead of hiding them', async () => {
    const chain = await causalChain(fact('alert', 'drift', 'gone'), finder(fact('drift')));
    expect(chain.causes.map((cause) => cause.id)).toEqual(['drift']);
    expect(chain.missing).toEqual(['gone']);
  });

  it('ends on a cycle and shows a shared cause once', async () => {
    const chain = await causalChain(
      fact('a', 'b', 'c'),
      finder(fact('b', 'd', 'a'), fact('c', 'd'), fact('d')),
    );
    expect(chain.causes.map((cause) => cause.causes.map((deeper) => deeper.id))).toEqual([['d'], []]);
  });

  it('stops at its limits and says what it left out', async () => {
    const endless = (id: string): Promise<ChainFact> => Promise.resolve(fact(id, `${id}x`));
    const chain = await causalChain(fact('x', 'xx'), endless, { depth: 2, nodes: 100 });
    expect(chain.causes[0]?.causes[0]?.missing).toEqual(['xxxx']);
  });
});
