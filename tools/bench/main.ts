import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatFigure, type BenchReport, type BenchResult, type ReportedResult } from './bench-result.js';
import { toMarkdown } from './to-markdown.js';

/** Every benchmark by name; a module is loaded only when its benchmark runs. */
const benchmarks: Readonly<Record<string, () => Promise<readonly BenchResult[]>>> = {
  bus: async () => (await import('./bus.js')).benchBus(),
  loop: async () => (await import('./loop.js')).benchLoop(),
  scorer: async () => (await import('./scorer.js')).benchScorer(),
  rewrite: async () => (await import('./rewrite.js')).benchRewrite(),
  features: async () => (await import('./features.js')).benchFeatures(),
  windows: async () => (await import('./windows.js')).benchWindows(),
  lstm: async () => (await import('./lstm.js')).benchLstm(),
  search: async () => (await import('./search.js')).benchSearch(),
  train: async () => (await import('./train.js')).benchTrain(),
  expectations: async () => (await import('./expectations.js')).benchExpectations(),
  rollouts: async () => (await import('./rollouts.js')).benchRollouts(),
  statistics: async () => (await import('./statistics.js')).benchStatistics(),
};
const groups: Readonly<Record<string, readonly string[]>> = {
  kernels: [
    'scorer',
    'rewrite',
    'windows',
    'train',
    'lstm',
    'statistics',
    'expectations',
    'rollouts',
    'search',
  ],
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, markdown: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
const known = [...Object.keys(benchmarks), ...Object.keys(groups)].sort();
const name = positionals[0];
if (values.help || name === undefined || !known.includes(name)) {
  if (name !== undefined && !values.help) process.stderr.write(`Unknown benchmark '${name}'\n`);
  process.stderr.write(`npm run bench -- NAME [--json FILE] [--markdown FILE]\nNAME: ${known.join(', ')}\n`);
  process.exit(values.help ? 0 : 2);
}

const results: ReportedResult[] = [];
for (const part of groups[name] ?? [name]) {
  process.stderr.write(`bench ${part} ...\n`);
  results.push(...(await benchmarks[part]!()).map(addRatio));
}

const report: BenchReport = {
  bench: name,
  at: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
  versions: readVersions([
    'kafkajs',
    'lmdb',
    'onnxruntime-node',
    'koffi',
    '@tensorflow/tfjs-core',
    '@duckdb/node-api',
  ]),
  results,
};
process.stdout.write(`${report.machine.cpu}, ${report.machine.cores} cores, Node ${report.machine.node}\n`);
for (const result of results) {
  const reference =
    result.reference === undefined
      ? ''
      : `   ${result.reference.name}: ${formatFigure(result.reference.value)}, ratio ${result.ratio?.toFixed(2) ?? '-'}`;
  process.stdout.write(
    `${result.name.padEnd(56)} ${formatFigure(result.value).padStart(12)} ${result.unit}${reference}\n`,
  );
}
if (values.markdown !== undefined) writeFileSync(values.markdown, toMarkdown(report));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(0);

function readVersions(packages: readonly string[]): Record<string, string> {
  const { resolve } = createRequire(import.meta.url);
  const versions: Record<string, string> = {};
  for (const name of packages) {
    // Not by import: a package need not export its package.json.
    const file = resolve
      .paths(name)
      ?.map((directory) => join(directory, name, 'package.json'))
      .find(existsSync);
    if (file !== undefined) {
      versions[name] = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    }
  }
  return versions;
}

function addRatio(result: BenchResult): ReportedResult {
  const { value, reference } = result;
  return reference === undefined || reference.value === 0
    ? result
    : { ...result, ratio: value / reference.value };
}
