import { type FeatureView } from '../../domain/feature-view.js';
import { minuteMs, windowFeatures } from '../../domain/windows/window-layout.js';
import { quoteIdentifier, windowSql } from '../../domain/windows/window-sql.js';

/** A result column: the feature, and how far back it looks when that is known. */
export interface RecomputedFeature {
  readonly name: string;
  readonly minutes: number | undefined;
  /** Computed from other features: undefined behaviour for a row whose windows reach too far back. */
  readonly isDerived: boolean;
}

export interface Recomputation {
  readonly names: readonly RecomputedFeature[];
  /** Selects `i` of each sample, then the features in the order of `names`. */
  readonly sql: string;
}

/** Readings in the order in which they arrived. */
export function readingsTable(columns: readonly string[]): string {
  const values = columns.map((name) => `${quoteIdentifier(name)} DOUBLE`).join(', ');
  return `CREATE TABLE readings (sequence BIGINT, system_id VARCHAR, event_ms BIGINT, known BIGINT, ${values})`;
}

/** What to compute: the features of a system as of an instant, from the readings that had arrived by then. */
export const samplesTable =
  'CREATE TABLE samples (i INTEGER, system_id VARCHAR, event_ms BIGINT, sequence BIGINT)';

const calendar: Readonly<Record<string, string>> = {
  hour: 'extract(hour FROM instant)',
  day_of_week: 'extract(isodow FROM instant) - 1',
  is_weekend: 'CASE WHEN extract(isodow FROM instant) >= 6 THEN 1 ELSE 0 END',
  is_business_hours: 'CASE WHEN extract(hour FROM instant) BETWEEN 9 AND 17 THEN 1 ELSE 0 END',
};

/** The definition of a view as one SQL query over the tables of readings and samples. */
export function buildRecomputation(view: FeatureView): Recomputation {
  const { columns, windowMinutes } = view.layout;
  const names: RecomputedFeature[] = [];
  const expressions: string[] = [];
  for (const name of view.declaration.timeFeatures) {
    names.push({ name, minutes: undefined, isDerived: false });
    expressions.push(`any_value((${calendar[name] ?? 'NULL'})::DOUBLE) AS ${quoteIdentifier(name)}`);
  }
  for (const column of columns) {
    names.push({ name: column, minutes: undefined, isDerived: false });
    expressions.push(
      `any_value(${quoteIdentifier(column)}) FILTER (WHERE event_ms = sample_ms) AS ${quoteIdentifier(column)}`,
    );
  }
  for (const feature of windowFeatures(view.layout)) {
    names.push({ name: feature.name, minutes: feature.minutes, isDerived: false });
    expressions.push(`(${windowSql(feature)})::DOUBLE AS ${quoteIdentifier(feature.name)}`);
  }
  const steps = view.derived.map(({ name, compiled }, step) => {
    names.push({ name, minutes: Math.max(...windowMinutes), isDerived: true });
    return `,
    step${step + 1} AS (SELECT *, CAST(${compiled.sql} AS DOUBLE) AS ${quoteIdentifier(name)} FROM step${step})`;
  });
  const best = columns.map((column) => `r.${quoteIdentifier(column)} DESC NULLS LAST`).join(', ');
  const maxMs = Math.max(...windowMinutes) * minuteMs;
  // As in the stream, the row of an instant that became known last counts.
  const sql = `
    WITH seen AS (
      SELECT s.i, s.event_ms AS sample_ms, make_timestamp(s.event_ms * 1000) AS instant, r.*
      FROM samples s JOIN readings r
        ON r.system_id = s.system_id AND r.sequence <= s.sequence AND r.event_ms <= s.event_ms AND r.event_ms > s.event_ms - ${maxMs}
      QUALIFY row_number() OVER (PARTITION BY s.i, r.event_ms ORDER BY r.known DESC, ${best}) = 1
    ),
    step0 AS (SELECT i, ${expressions.join(', ')} FROM seen GROUP BY i)${steps.join('')}
    SELECT * FROM step${steps.length} ORDER BY i`;
  return { names, sql };
}
