import { finiteOrNull } from '@headrace/kernel';
import { z } from 'zod';
import { compileExpression, type CompiledExpression } from './expressions/compile-expression.js';
import { ExpressionError } from './expressions/expression.js';
import { timeFeature, timeFeatureNames, type TimeFeatureName } from './time-features.js';
import { type EntityWindows } from './windows/entity-windows.js';
import {
  isWindowStatistic,
  plainStatistics,
  windowFeatureNames,
  type WindowLayout,
  type WindowStatistic,
} from './windows/window-layout.js';

const columnName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a lower-case name of letters, digits and _');

const statistic = z.string().refine(isWindowStatistic, {
  message: `must be one of ${plainStatistics.join(', ')}, or a quantile p01 to p99`,
});

/** A feature view as it is declared in `config/feature-views`. */
export const featureViewSchema = z
  .strictObject({
    name: columnName,
    version: z.number().int().positive(),
    owner: z.string().min(1),
    description: z.string().default(''),
    entity: z.literal('system_id'),
    ttlSeconds: z.number().positive(),
    latenessMinutes: z.number().int().min(0).max(1440).default(15),
    timeFeatures: z.array(z.enum(timeFeatureNames)).default([]),
    columns: z.array(columnName).min(1).max(64),
    windowMinutes: z.array(z.number().int().min(1).max(1440)).min(1).max(8),
    statistics: z
      .array(statistic)
      .min(1)
      .max(16)
      .default((): WindowStatistic[] => ['mean', 'std', 'max']),
    derived: z
      .array(z.strictObject({ name: columnName, expression: z.string().min(1) }))
      .max(64)
      .default([]),
    pushSource: z.string().min(1).optional(),
  })
  .refine(({ columns }) => new Set(columns).size === columns.length, {
    message: 'must not name a column twice',
    path: ['columns'],
  })
  .refine(({ statistics }) => new Set(statistics).size === statistics.length, {
    message: 'must not name a statistic twice',
    path: ['statistics'],
  })
  .refine(
    ({ windowMinutes }) => windowMinutes.every((of, at) => at === 0 || of > (windowMinutes[at - 1] ?? 0)),
    {
      message: 'must ascend',
      path: ['windowMinutes'],
    },
  )
  .superRefine((declaration, context) => {
    const names = [...namesBeforeDerived(declaration)];
    for (const [index, { name, expression }] of declaration.derived.entries()) {
      if (names.includes(name)) {
        context.addIssue({
          code: 'custom',
          path: ['derived', index, 'name'],
          message: `"${name}" is already a feature`,
        });
      }
      try {
        compileExpression(expression, names);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        context.addIssue({
          code: 'custom',
          path: ['derived', index, 'expression'],
          message: error.message,
        });
      }
      names.push(name);
    }
  });
export type FeatureViewDeclaration = z.output<typeof featureViewSchema>;

/** A feature that is computed from those before it; a boolean is 1 or 0. */
export interface DerivedFeature {
  readonly name: string;
  readonly compiled: CompiledExpression;
}

/** What a view computes: the ordered names, and the values of one entity at one instant. */
export class FeatureView {
  readonly layout: WindowLayout;
  readonly featureNames: readonly string[];
  /** In the order of their declaration; each may use those before it. */
  readonly derived: readonly DerivedFeature[];
  private readonly windowsFrom: number;
  private readonly derivedFrom: number;

  constructor(readonly declaration: FeatureViewDeclaration) {
    const { columns, windowMinutes, latenessMinutes, statistics, timeFeatures, derived } = declaration;
    this.layout = { columns, windowMinutes, latenessMinutes, statistics };
    const names = namesBeforeDerived(declaration);
    this.derived = derived.map(({ name, expression }) => {
      const compiled = compileExpression(expression, names);
      names.push(name);
      return { name, compiled };
    });
    this.featureNames = names;
    this.windowsFrom = timeFeatures.length + columns.length;
    this.derivedFrom = names.length - derived.length;
  }

  get name(): string {
    return this.declaration.name;
  }

  get version(): number {
    return this.declaration.version;
  }

  /** Rule of the ids of computed rows: `system_metrics.v1`. */
  get rule(): string {
    return `${this.name}.v${this.version}`;
  }

  /** The features as of an instant in the order of `featureNames`; NaN where there is none. */
  compute(windows: EntityWindows, asOf: number, values: Float64Array): Float64Array {
    const { timeFeatures, columns } = this.declaration;
    const out = new Float64Array(this.featureNames.length);
    for (let index = 0; index < timeFeatures.length; index += 1) {
      out[index] = timeFeature(timeFeatures[index] as TimeFeatureName, asOf);
    }
    for (let column = 0; column < columns.length; column += 1) {
      out[timeFeatures.length + column] = values[column] ?? Number.NaN;
    }
    windows.features(asOf, out, this.windowsFrom);
    for (let index = 0; index < this.derived.length; index += 1) {
      out[this.derivedFrom + index] = (this.derived[index] as DerivedFeature).compiled.evaluate(out);
    }
    return out;
  }

  /** The values of the view's columns in a reading; NaN where it has none. */
  selectValues(reading: Readonly<Record<string, number | null>>): Float64Array {
    const { columns } = this.declaration;
    const values = new Float64Array(columns.length);
    for (let index = 0; index < columns.length; index += 1) {
      values[index] = reading[columns[index] as string] ?? Number.NaN;
    }
    return values;
  }

  /** The features by name, for the wire: null where there is no finite value. */
  toRecord(values: Float64Array): Record<string, number | null> {
    const named: Record<string, number | null> = {};
    // An index loop, because `entries()` takes twice as long and this runs for every reading.
    for (let index = 0; index < this.featureNames.length; index += 1) {
      named[this.featureNames[index] as string] = finiteOrNull(values[index]);
    }
    return named;
  }
}

function namesBeforeDerived({
  timeFeatures,
  columns,
  windowMinutes,
  latenessMinutes,
  statistics,
}: Pick<
  FeatureViewDeclaration,
  'timeFeatures' | 'columns' | 'windowMinutes' | 'latenessMinutes' | 'statistics'
>): string[] {
  const layout = { columns, windowMinutes, latenessMinutes, statistics };
  return [...timeFeatures, ...columns, ...windowFeatureNames(layout)];
}
