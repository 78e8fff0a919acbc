import { InvalidValueError } from './registry-errors.js';

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE' | 'IN' | 'NOT IN';

/** One term of a filter: `metrics.rmse < 1`. */
export interface Comparison {
  readonly entity: 'attribute' | 'metric' | 'param' | 'tag';
  readonly key: string;
  readonly comparator: Comparator;
  readonly value: string | number | readonly string[];
}

export interface Order {
  readonly entity: Comparison['entity'];
  readonly key: string;
  readonly descending: boolean;
}

const maxFilterLength = 10_000;
const token =
  /\s*(?:('(?:[^'\\]|\\.|'')*')|("(?:[^"\\]|\\.)*")|(`[^`]*`)|(<=|>=|!=|=|<|>)|([(),.])|([^\s'"`<>=!(),.]+(?:\.\d+(?:[eE][-+]?\d+)?)?))/y;

/** Parses MLflow's filter language: comparisons joined by AND. Values are bound later, never written into SQL. */
export function parseFilter(filter: string | undefined): readonly Comparison[] {
  const tokens = tokenize(filter ?? '');
  const terms: Comparison[] = [];
  let position = 0;
  const next = (): string => {
    const found = tokens[position];
    if (found === undefined) throw new InvalidValueError(`The filter ends too early: ${filter ?? ''}`);
    position += 1;
    return found;
  };
  while (position < tokens.length) {
    if (terms.length > 0 && next().toUpperCase() !== 'AND') {
      throw new InvalidValueError(`Comparisons are joined by AND: ${filter ?? ''}`);
    }
    const path = [unquote(next())];
    while (tokens[position] === '.') {
      position += 1;
      path.push(unquote(next()));
    }
    const comparator = readComparator(next, () => tokens[position]);
    const value = comparator === 'IN' || comparator === 'NOT IN' ? readList(next) : parseValue(next());
    terms.push({ ...toField(path), comparator, value });
  }
  return terms;
}

/** `metrics.rmse DESC`, `attributes.start_time`, `name ASC`. */
export function parseOrder(order: string): Order {
  const match = /^\s*(.+?)(?:\s+(ASC|DESC))?\s*$/i.exec(order);
  if (match?.[1] === undefined) {
    throw new InvalidValueError(`"${order}" is not an order; write for example: metrics.rmse DESC`);
  }
  const path = tokenize(match[1])
    .filter((part) => part !== '.')
    .map((part) => unquote(part));
  return { ...toField(path), descending: match[2]?.toUpperCase() === 'DESC' };
}

function tokenize(filter: string): readonly string[] {
  if (filter.length > maxFilterLength) {
    throw new InvalidValueError(`The filter is longer than ${maxFilterLength}`);
  }
  const tokens: string[] = [];
  token.lastIndex = 0;
  const text = filter.trimEnd();
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) {
      throw new InvalidValueError(`The filter is not valid from "${text.slice(at, at + 40)}" on`);
    }
    tokens.push(match[0].trim());
  }
  return tokens;
}

function toField(path: readonly string[]): Pick<Comparison, 'entity' | 'key'> {
  const [first = '', ...rest] = path;
  if (rest.length === 0) return { entity: 'attribute', key: first };
  const key = rest.join('.');
  switch (first.toLowerCase()) {
    case 'attribute':
    case 'attributes':
    case 'attr':
    case 'run':
      return { entity: 'attribute', key };
    case 'metric':
    case 'metrics':
      return { entity: 'metric', key };
    case 'param':
    case 'params':
    case 'parameter':
    case 'parameters':
      return { entity: 'param', key };
    case 'tag':
    case 'tags':
      return { entity: 'tag', key };
    default:
      throw new InvalidValueError(`"${first}" is unknown; filter by attributes, metrics, params or tags`);
  }
}

function readComparator(next: () => string, peek: () => string | undefined): Comparator {
  const word = next().toUpperCase();
  if (word === 'NOT' && peek()?.toUpperCase() === 'IN') {
    next();
    return 'NOT IN';
  }
  const comparators: readonly string[] = ['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE', 'IN'];
  if (!comparators.includes(word)) {
    throw new InvalidValueError(`"${word}" is not a comparator; use ${comparators.join(' ')}`);
  }
  return word as Comparator;
}

function readList(next: () => string): readonly string[] {
  if (next() !== '(') throw new InvalidValueError('IN needs a list in parentheses');
  const values: string[] = [];
  for (;;) {
    values.push(String(parseValue(next())));
    const separator = next();
    if (separator === ')') return values;
    if (separator !== ',') throw new InvalidValueError('Values of a list are separated by commas');
  }
}

function parseValue(word: string): string | number {
  if (/^['"]/.test(word)) return unquote(word);
  const number = Number(word);
  if (Number.isNaN(number)) throw new InvalidValueError(`${word} is neither a number nor a quoted string`);
  return number;
}

function unquote(word: string): string {
  if (/^'.*'$/s.test(word)) return word.slice(1, -1).replaceAll("''", "'").replace(/\\(.)/gs, '$1');
  if (/^".*"$/s.test(word)) return word.slice(1, -1).replace(/\\(.)/gs, '$1');
  return /^`.*`$/s.test(word) ? word.slice(1, -1) : word;
}
