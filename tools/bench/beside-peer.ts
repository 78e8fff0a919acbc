import { type BenchResult } from './bench-result.js';
import { type PeerReport } from './peers/run-peer.js';

const ROUNDS = 15;
/** Long enough for the compiler to have optimised what is measured; a peer's compiled code needs none of it. */
const WARM_UP_MS = 300;

/** Work of which a peer's script has measured the like. */
export interface PeeredWork {
  readonly name: string;
  /** The package as the script names it among its versions. */
  readonly peer: string;
  /** What the peer has instead, where it has no such function: "same formula". */
  readonly note?: string;
  /** Under which name the script prints its seconds. */
  readonly figure: string;
  readonly run: () => unknown;
}

/**
 * The least seconds of each work, once it is warm, beside the least that the peer took; without it when there is none. The
 * least, because what else runs on the machine only adds, and to works of a few milliseconds often to most of their rounds.
 */
export function besidePeer(work: readonly PeeredWork[], report: PeerReport | undefined): BenchResult[] {
  return work.map(({ name, peer, note, figure, run }) => {
    const value = secondsOf(run);
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

function secondsOf(run: () => unknown): number {
  const measure = (): number => {
    const start = performance.now();
    if (run() === undefined) throw new Error('The benchmark measured nothing');
    return (performance.now() - start) / 1000;
  };
  for (const start = performance.now(); performance.now() - start < WARM_UP_MS;) measure();
  return Math.min(...Array.from({ length: ROUNDS }, measure));
}
