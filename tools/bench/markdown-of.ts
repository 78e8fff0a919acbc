import { figure, type BenchReport, type BenchResult } from './bench-result.js';

/** A report as a page of documentation: machine, versions, command, one row a figure. */
export function markdownOf(report: BenchReport): string {
  const { bench, at, machine, versions, results } = report;
  return `# Measured: ${bench}

\`npm run bench -- ${bench} --markdown FILE\` wrote this page on ${at.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores shared with
other work, Node ${machine.node}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Times of single runs on such a machine move; the ratios are of both sides in this run.
A ratio is ours divided by the reference's; whether high or low is better stands beside it.

| what | ours | unit | reference | its figure | ratio | better |
| --- | ---: | --- | --- | ---: | ---: | --- |
${results.map(rowOf).join('\n')}
`;
}

function rowOf({ name, value, unit, better, reference, ratio }: BenchResult): string {
  const cells = [
    name,
    figure(value),
    unit,
    reference?.name ?? '',
    reference === undefined ? '' : figure(reference.value),
    ratio === undefined ? '' : ratio.toFixed(2),
    better,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
