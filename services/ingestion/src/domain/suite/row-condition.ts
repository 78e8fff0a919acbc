import { AppError } from '@headrace/kernel';

export type Cell = number | string | null;

/** Selects the rows that an expectation applies to. */
export interface RowCondition {
  readonly text: string;
  readonly columns: readonly string[];
  readonly test: (valueOf: (column: string) => Cell) => boolean;
}

export class RowConditionError extends AppError {
  readonly code = 'INGESTION_ROW_CONDITION';
  readonly kind = 'invalid';

  constructor(text: string, why: string) {
    super(`${why} in the row_condition '${text}'; for instance: cpu_usage > 5 and region == "eu"`);
  }
}

type Test = RowCondition['test'];
const operators = ['==', '!=', '<=', '>=', '<', '>'] as const;
type Operator = (typeof operators)[number];
const tokens =
  /\s*(==|!=|<=|>=|<|>|\(|\)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"[^"]*"|'[^']*'|[A-Za-z_][\w.:-]*)/y;
const maxCharacters = 1_000;

/**
 * Reads a condition: comparisons of a column with a number or a text, `is null`, `is not null`, joined by `and`, `or`,
 * parentheses; `and` binds tighter. A comparison with null is false, except `!=`, which is true, as in pandas. A number
 * and a text are never equal, and neither is above the other.
 */
export function parseRowCondition(text: string): RowCondition {
  const words = tokenize(text);
  const columns = new Set<string>();
  let at = 0;
  const wrong = (why: string): RowConditionError => new RowConditionError(text, why);
  const take = (word: string): boolean => {
    if (words[at] !== word) return false;
    at += 1;
    return true;
  };
  const either = (): Test => {
    const tests = [both()];
    while (take('or')) tests.push(both());
    return tests.length === 1 && tests[0] ? tests[0] : (valueOf) => tests.some((test) => test(valueOf));
  };
  const both = (): Test => {
    const tests = [single()];
    while (take('and')) tests.push(single());
    return tests.length === 1 && tests[0] ? tests[0] : (valueOf) => tests.every((test) => test(valueOf));
  };
  const single = (): Test => {
    if (take('(')) {
      const inner = either();
      if (!take(')')) throw wrong('A ( is not closed');
      return inner;
    }
    const column = words[at];
    if (column === undefined || !/^[A-Za-z_]/.test(column)) throw wrong('A column is missing');
    at += 1;
    columns.add(column);
    if (take('is')) {
      const negated = take('not');
      if (!take('null')) throw wrong('"is" must be followed by null or not null');
      return (valueOf) => (valueOf(column) === null) !== negated;
    }
    const operator = operators.find((each) => each === words[at]);
    if (operator === undefined) {
      throw wrong(`${column} must be followed by one of ${operators.join(' ')}, or is`);
    }
    at += 1;
    const literal = parseLiteral(words[at]);
    if (literal === undefined) throw wrong(`${operator} must be followed by a number or a quoted text`);
    at += 1;
    return (valueOf) => compare(valueOf(column), operator, literal);
  };
  const test = either();
  if (at < words.length) throw wrong(`Unexpected ${words[at] ?? ''}`);
  return { text, columns: [...columns], test };
}

function tokenize(text: string): readonly string[] {
  if (text.length > maxCharacters) {
    throw new RowConditionError(text.slice(0, 50), 'More than 1000 characters');
  }
  const words: string[] = [];
  tokens.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = tokens.lastIndex) {
    tokens.lastIndex = at;
    const word = tokens.exec(text)?.[1];
    if (word === undefined) throw new RowConditionError(text, `Unexpected character ${at + 1}`);
    words.push(word);
  }
  return words;
}

function parseLiteral(word: string | undefined): number | string | undefined {
  if (word === undefined) return undefined;
  if (word.startsWith('"') || word.startsWith("'")) return word.slice(1, -1);
  return /^-?\d/.test(word) ? Number(word) : undefined;
}

function compare(value: Cell, operator: Operator, literal: number | string): boolean {
  if (operator === '!=') return value !== literal;
  if (value === null || typeof value !== typeof literal) return false;
  switch (operator) {
    case '==':
      return value === literal;
    case '<':
      return value < literal;
    case '<=':
      return value <= literal;
    case '>':
      return value > literal;
    case '>=':
      return value >= literal;
  }
}
