import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a peer's script printed: figures by name, and the versions of what it measured. */
export interface PeerReport {
  readonly values: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
}

const missingPackage = 3;

/**
 * Runs `tools/bench/peers/<script>` with the first Python that has the packages it imports: each of
 * `HEADRACE_BENCH_PYTHON` (a list like PATH), then `python3`. A script prints one JSON object `{"values": {...},
 * "versions": {...}}` as its last line and exits with 3 when an import fails. `undefined`, with the reason on standard
 * error, when no Python has them: the figure then stands without a reference. Any other failure throws.
 */
export function runPeer(script: string, ...args: readonly string[]): PeerReport | undefined {
  const file = join(peersDirectory(), script);
  for (const python of [...(process.env['HEADRACE_BENCH_PYTHON'] ?? '').split(delimiter), 'python3']) {
    if (python === '') continue;
    const run = spawnSync(python, [file, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (run.error !== undefined || run.status === missingPackage) continue;
    if (run.status !== 0) throw new Error(`${script} ended with ${run.status ?? run.signal}: ${run.stderr}`);
    return JSON.parse(run.stdout.trim().split('\n').at(-1)!) as PeerReport;
  }
  process.stderr.write(
    `no reference: no Python with the packages of ${script} (see tools/bench/peers/README.md)\n`,
  );
  return undefined;
}

/** The scripts stay beside the source; the compiled benchmark runs from dist/. */
function peersDirectory(): string {
  const here = import.meta.dirname;
  const source = here.replace(join('tools', 'dist'), 'tools');
  return existsSync(source) ? source : here;
}
