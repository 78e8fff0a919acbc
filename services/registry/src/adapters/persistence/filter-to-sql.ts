import { InvalidValueError } from '../../domain/registry-errors.js';
import { type Comparison, type Order } from '../../domain/search-filter.js';

/** How the words of the filter language map to one table. Only names that stand here reach the SQL text. */
export interface Searchable {
  readonly attributes: Readonly<Record<string, { readonly sql: string; readonly type: 'text' | 'number' }>>;
  /** `SELECT value FROM ... WHERE ... AND key = ` of each entity that has keys. */
  readonly keyed: Partial<Record<'metric' | 'param' | 'tag', string>>;
}

/** Collects values that are bound to a statement. */
export class Bindings {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

export function toCondition(terms: readonly Comparison[], searchable: Searchable, bound: Bindings): string {
  const parts = terms.map((term) => {
    const { sql, type } = toColumn(term, searchable, bound);
    return toComparison(sql, type, term, bound);
  });
  return parts.length === 0 ? 'true' : parts.map((part) => `(${part})`).join(' AND ');
}

/** Nulls last whatever the direction: a run without the metric is never the best one. */
export function toOrderBy(orders: readonly Order[], searchable: Searchable, bound: Bindings): string {
  return orders
    .map(
      (order) => `${toColumn(order, searchable, bound).sql} ${order.descending ? 'DESC' : 'ASC'} NULLS LAST`,
    )
    .join(', ');
}

function toColumn(
  { entity, key }: Pick<Comparison, 'entity' | 'key'>,
  searchable: Searchable,
  bound: Bindings,
): { sql: string; type: 'text' | 'number' } {
  if (entity === 'attribute') {
    const attribute = Object.hasOwn(searchable.attributes, key) ? searchable.attributes[key] : undefined;
    if (attribute === undefined) {
      throw new InvalidValueError(
        `"${key}" cannot be searched; use ${Object.keys(searchable.attributes).join(', ')}, or tags`,
      );
    }
    return attribute;
  }
  const keyed = searchable.keyed[entity];
  if (keyed === undefined) throw new InvalidValueError(`${entity}s cannot be searched here`);
  return { sql: `(${keyed} ${bound.add(key)})`, type: entity === 'metric' ? 'number' : 'text' };
}

function toComparison(sql: string, type: 'text' | 'number', term: Comparison, bound: Bindings): string {
  const { comparator, value } = term;
  if (comparator === 'IN' || comparator === 'NOT IN') {
    return `${comparator === 'NOT IN' ? 'NOT ' : ''}(${sql})::text = ANY(${bound.add(value)}::text[])`;
  }
  if (type === 'number') {
    const number = typeof value === 'number' ? value : Number(value);
    if (Number.isNaN(number) || /LIKE/.test(comparator)) {
      throw new InvalidValueError(`${term.key} is a number; compare it with one`);
    }
    return `${sql} ${comparator === '!=' ? '<>' : comparator} ${bound.add(number)}::double precision`;
  }
  const operator = comparator === '!=' ? 'IS DISTINCT FROM' : comparator;
  return `${sql} ${operator} ${bound.add(String(value))}::text`;
}

/** Pages go by position; the token hides it, so that it may become something else one day. */
export function parsePageToken(pageToken: string | undefined): number {
  if (pageToken === undefined || pageToken === '') return 0;
  const offset = Number(Buffer.from(pageToken, 'base64url').toString('utf8'));
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidValueError(`The page token "${pageToken.slice(0, 50)}" is not one of ours`);
  }
  return offset;
}

/** Takes one row more than asked for, to know whether there is a next page. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  offset: number,
): { rows: readonly Row[]; nextPageToken: string | undefined } {
  if (rows.length <= limit) return { rows, nextPageToken: undefined };
  return {
    rows: rows.slice(0, limit),
    nextPageToken: Buffer.from(String(offset + limit)).toString('base64url'),
  };
}
