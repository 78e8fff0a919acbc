/** An event on the way back from an effect to its causes. */
export interface ChainEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly payload: unknown;
  readonly causationIds: readonly string[];
}

export interface ChainNode extends ChainEvent {
  readonly causes: readonly ChainNode[];
  /** Ids of causes that are no longer stored, or left out because of the limits. */
  readonly missing: readonly string[];
}

export interface ChainLimits {
  readonly depth: number;
  readonly nodes: number;
}

/**
 * Walks from an event to its causes, breadth first, so that a limit cuts off the most distant causes. A cause shared by two
 * events appears once, under the first of them. Cycles, which a correct producer never creates, end there too.
 */
export async function buildCausalChain(
  start: ChainEvent,
  find: (id: string, effect: ChainEvent) => Promise<ChainEvent | undefined>,
  limits: ChainLimits = { depth: 12, nodes: 200 },
): Promise<ChainNode> {
  interface Draft extends ChainEvent {
    readonly causes: Draft[];
    readonly missing: string[];
  }
  const draft = (event: ChainEvent): Draft => ({ ...event, causes: [], missing: [] });
  const root = draft(start);
  const seen = new Set([start.id]);
  let level = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: Draft[] = [];
    for (const node of level) {
      for (const id of node.causationIds) {
        if (seen.has(id)) continue;
        const event = depth < limits.depth && seen.size < limits.nodes ? await find(id, node) : undefined;
        if (event === undefined) {
          node.missing.push(id);
          continue;
        }
        seen.add(id);
        const cause = draft(event);
        node.causes.push(cause);
        next.push(cause);
      }
    }
    level = next;
  }
  return root;
}
