import { type BenchResult } from './bench-result.js';
import { type PeerReport } from './peers/run-peer.js';

const ROUNDS = 15;
/** Long enough for the JIT compiler to optimise the measured code; a peer's compiled code needs no warm-up. */
const WARM_UP_MS = 300;

/** Work that a peer's script measures too. */
export interface ComparedWork {
  readonly name: string;
  /** Name of the package in the versions that the script prints. */
  readonly peer: string;
  /** Note for a peer without such a function, such as "same formula". */
  readonly note?: string;
  /** Name under which the script prints its seconds. */
  readonly figure: string;
  readonly run: () => unknown;
}

/**
 * The minimum time of each work after warm-up beside the minimum of the peer, or without a reference when there is no peer.
 * The minimum, because other load on the machine only adds time, and to works of a few milliseconds in most rounds.
 */
export function measureBesidePeer(
  work: readonly ComparedWork[],
  report: PeerReport | undefined,
): BenchResult[] {
  return work.map(({ name, peer, note, figure, run }) => {
    const value = measureSeconds(run);
    const theirs = report?.values[figure];
    const reference = `${peer} ${report?.versions[peer] ?? '?'}${note === undefined ? '' : `, ${note}`}`;
    return {
      name,
      value,
      unit: 's',
      better: 'lower',
      ...(theirs !== undefined && { reference: { name: reference, value: theirs } }),
    };
  });
}

function measureSeconds(run: () => unknown): number {
  const measure = (): number => {
    const start = performance.now();
    if (run() === undefined) throw new Error('The benchmark measured nothing');
    return (performance.now() - start) / 1000;
  };
  for (const start = performance.now(); performance.now() - start < WARM_UP_MS;) measure();
  return Math.min(...Array.from({ length: ROUNDS }, measure));
}
