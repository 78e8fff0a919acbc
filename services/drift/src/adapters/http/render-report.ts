import { type DriftReport } from '../../application/ports.js';
import { type DriftView } from '../../application/read-drift.js';
import { type ColumnJudgement } from '../../domain/judge-drift.js';

const WIDTH = 200;
const HEIGHT = 48;

/** Renders one self-contained page without scripts, fonts or external images. All text is escaped. */
export function renderReport(view: DriftView): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drift of ${escape(view.modelName)}</title><style>${style}</style></head>
<body><h1>Drift of ${escape(view.modelName)}</h1>
${view.latest ? renderLatest(view.latest, view) : '<p>No window has closed yet.</p>'}
${renderPerformance(view)}
</body></html>
`;
}

function renderLatest(report: DriftReport, view: DriftView): string {
  const { judgement } = report;
  const columns = [judgement.prediction, ...judgement.features].sort(
    (first, second) => rank(second) - rank(first),
  );
  return `<p><strong class="${report.judgement.verdict}">${judgement.verdict}</strong>
version ${report.modelVersion}, ${report.rows} rows and ${report.predictions} predictions against ${report.referenceRows}
from ${escape(report.windowStart)} to ${escape(report.windowEnd)}, policy ${escape(report.policyVersion)}.</p>
<p>${judgement.driftedFeatures.length} features drifted${judgement.shareDrifted === undefined ? '' : ` (${formatPercent(judgement.shareDrifted)})`};
degraded windows in a row: features ${view.windowsInARow.feature}, prediction ${view.windowsInARow.prediction},
data quality ${view.windowsInARow['data-quality']}. Retraining: ${escape(report.retraining)}.</p>
${report.note === undefined ? '' : `<p class="degraded">${escape(report.note)}</p>`}
<table><thead><tr><th>column</th><th>reference (line) and window (bars)</th><th>PSI</th><th>KS</th><th>JS</th><th>missing</th><th></th></tr></thead>
<tbody>${columns.map(renderColumn).join('\n')}</tbody></table>`;
}

function renderColumn(column: ColumnJudgement): string {
  const cell = (method: string): string => {
    const score = column.scores.find((candidate) => candidate.method === method);
    if (score?.value === undefined) return '<td>no data</td>';
    return `<td class="${score.drifted === true ? 'degraded' : ''}">${score.value.toFixed(3)}</td>`;
  };
  const status = column.excluded
    ? 'not judged'
    : column.drifted === undefined
      ? 'too little'
      : column.drifted
        ? 'drifted'
        : '';
  return `<tr><td>${escape(column.feature)}</td><td>${renderHistograms(column)}</td>${cell('psi')}${cell('ks')}${cell('js')}
<td class="${column.incomplete ? 'degraded' : ''}">${column.missingShare === undefined ? 'no data' : formatPercent(column.missingShare)}</td><td>${status}</td></tr>`;
}

function renderHistograms({ feature, reference, current }: ColumnJudgement): string {
  const [before, after] = [toShares(reference.counts), toShares(current.counts)];
  const maxShare = Math.max(...before, ...after, Number.EPSILON);
  const step = WIDTH / Math.max(1, before.length);
  const y = (share: number): string => (HEIGHT - (share / maxShare) * HEIGHT).toFixed(1);
  const bars = after
    .map((share, bin) => {
      const top = y(share);
      return `<rect x="${(bin * step + 1).toFixed(1)}" y="${top}" width="${Math.max(1, step - 2).toFixed(1)}" height="${(HEIGHT - Number(top)).toFixed(1)}"/>`;
    })
    .join('');
  const line = before
    .map(
      (share, bin) => `${(bin * step).toFixed(1)},${y(share)} ${((bin + 1) * step).toFixed(1)},${y(share)}`,
    )
    .join(' ');
  return `<svg role="img" aria-label="${escape(feature)}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">${bars}<polyline points="${line}"/></svg>`;
}

function renderPerformance({ performance }: DriftView): string {
  if (performance.length === 0) return '<p>No outcomes have matured yet.</p>';
  const rows = performance.map(
    (report) => `<tr><td>${report.modelVersion}</td><td class="${report.verdict}">${report.verdict}</td>
<td>${report.labelled} of ${report.predictions}</td><td>${escape(report.windowStart)} to ${escape(report.windowEnd)}</td>
<td>${['accuracy', 'precision', 'recall', 'roc_auc', 'cost_per_prediction']
      .map((name) => `${name} ${report.metrics[name]?.toFixed(3) ?? 'no data'}`)
      .join(', ')}</td></tr>`,
  );
  return `<h2>Performance</h2><table><thead><tr><th>version</th><th>verdict</th><th>labelled</th><th>window</th><th>metrics</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function toShares(counts: readonly number[]): number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (rows > 0 ? count / rows : 0));
}

const rank = (column: ColumnJudgement): number =>
  (column.drifted === true ? 1000 : 0) + (column.scores.find(({ method }) => method === 'psi')?.value ?? -1);
const formatPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const style = `body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b2733}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dde3ea;vertical-align:middle}
rect{fill:#7fb3d5}polyline{fill:none;stroke:#1b2733;stroke-width:1.5}.degraded{color:#b3261e;font-weight:600}.healthy{color:#1e7a3c}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#dde3ea}polyline{stroke:#dde3ea}th,td{border-color:#2b3642}.degraded{color:#ff8a80}.healthy{color:#7bd88f}}`;
