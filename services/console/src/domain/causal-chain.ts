/** A fact on the way back from an effect to its causes. */
export interface ChainFact {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly payload: unknown;
  readonly causationIds: readonly string[];
}

export interface ChainNode extends ChainFact {
  readonly causes: readonly ChainNode[];
  /** Causes that are known by id but no longer stored, or left out because the chain is too long. */
  readonly missing: readonly string[];
}

export interface ChainLimits {
  readonly depth: number;
  readonly nodes: number;
}

/**
 * Walks from a fact to its causes, breadth first, so that a limit cuts the most distant causes. A cause that two facts
 * share appears once, under the first of them; a cycle, which a correct producer cannot make, ends there too.
 */
export async function causalChain(
  start: ChainFact,
  find: (id: string, effect: ChainFact) => Promise<ChainFact | undefined>,
  limits: ChainLimits = { depth: 12, nodes: 200 },
): Promise<ChainNode> {
  interface Draft extends ChainFact {
    readonly causes: Draft[];
    readonly missing: string[];
  }
  const draft = (fact: ChainFact): Draft => ({ ...fact, causes: [], missing: [] });
  const root = draft(start);
  const seen = new Set([start.id]);
  let level = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: Draft[] = [];
    for (const node of level) {
      for (const id of node.causationIds) {
        if (seen.has(id)) continue;
        const fact = depth < limits.depth && seen.size < limits.nodes ? await find(id, node) : undefined;
        if (fact === undefined) {
          node.missing.push(id);
          continue;
        }
        seen.add(id);
        const cause = draft(fact);
        node.causes.push(cause);
        next.push(cause);
      }
    }
    level = next;
  }
  return root;
}
