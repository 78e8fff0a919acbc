import { AppError } from '@headrace/kernel';

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** Compares a field of the payload with a constant: `metrics.accuracy < 0.9`. */
export interface Condition {
  readonly path: readonly string[];
  readonly comparison: Comparison;
  readonly operand: number | string | boolean;
}

export class InvalidConditionError extends AppError {
  readonly code = 'ALERTING_CONDITION_UNREADABLE';
  readonly kind = 'invalid';

  constructor(readonly text: string) {
    super(
      `Condition ${JSON.stringify(text)} is not FIELD COMPARISON VALUE, such as "metrics.accuracy < 0.9"`,
    );
  }
}

const grammar = /^\s*([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*$/;

export function parseCondition(text: string): Condition {
  const [, path, comparison, operand] = grammar.exec(text) ?? [];
  if (path === undefined || operand === undefined) throw new InvalidConditionError(text);
  return { path: path.split('.'), comparison: comparison as Comparison, operand: parseOperand(operand) };
}

function parseOperand(text: string): Condition['operand'] {
  if (text === 'true' || text === 'false') return text === 'true';
  const value = Number(text);
  return Number.isNaN(value) ? text.replace(/^(['"])(.*)\1$/, '$2') : value;
}

/**
 * Whether a payload meets a condition. A missing or null field does not meet any condition, not even `!=`: no data is
 * neither a pass nor a failure. Values of different types have no order.
 */
export function meets(payload: unknown, condition: Condition): boolean {
  const value = readField(payload, condition.path);
  if (value === undefined || value === null) return false;
  const { comparison, operand } = condition;
  if (comparison === '==') return value === operand;
  if (comparison === '!=') return value !== operand;
  if (typeof value !== 'number' || typeof operand !== 'number') return false;
  switch (comparison) {
    case '<':
      return value < operand;
    case '<=':
      return value <= operand;
    case '>':
      return value > operand;
    case '>=':
      return value >= operand;
  }
}

/** The value at a path of own properties, or undefined. */
export function readField(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
