import { formatFigure, type BenchReport, type ReportedResult } from './bench-result.js';

/** Renders a report as a page of documentation: machine, versions, command and one row per figure. */
export function toMarkdown(report: BenchReport): string {
  const { bench, at, machine, versions, results } = report;
  return `# Measured: ${bench}

\`npm run bench -- ${bench} --markdown FILE\` wrote this page on ${at.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores shared with
other work, Node ${machine.node}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Times of single runs on such a machine move; the ratios are of both sides in this run.
"Times better" is ours divided by the reference's where more is better, and the other way round where less is.

| what | ours | unit | better | reference | its figure | times better |
| --- | ---: | --- | --- | --- | ---: | ---: |
${results.map(toRow).join('\n')}
`;
}

function toRow({ name, value, unit, better, reference, ratio }: ReportedResult): string {
  const times = ratio === undefined ? Number.NaN : better === 'higher' ? ratio : 1 / ratio;
  const cells = [
    name,
    formatFigure(value),
    unit,
    better,
    reference?.name ?? '',
    reference === undefined ? '' : formatFigure(reference.value),
    Number.isFinite(times) ? times.toFixed(2) : '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
