import { type Page, type ViewType } from '../../application/ports.js';
import { InvalidValueError } from '../../domain/registry-errors.js';
import { type Comparison, type Order } from '../../domain/search-filter.js';

/** How the names of the filter language map to one table. Only names listed here reach the SQL text. */
export interface Searchable {
  readonly attributes: Readonly<Record<string, { readonly sql: string; readonly type: 'text' | 'number' }>>;
  /** `SELECT value FROM ... WHERE ... AND key = ` for each entity that has keys. */
  readonly keyed: Partial<Record<'metric' | 'param' | 'tag', string>>;
}

/** The values that are bound to a statement. */
export class Bindings {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

export function toCondition(
  terms: readonly Comparison[],
  searchable: Searchable,
  bindings: Bindings,
): string {
  const parts = terms.map((term) => {
    const { sql, type } = toColumn(term, searchable, bindings);
    return toComparison(sql, type, term, bindings);
  });
  return parts.length === 0 ? 'true' : parts.map((part) => `(${part})`).join(' AND ');
}

/** Nulls last in both directions: a run without the metric is never the best one. */
export function toOrderBy(orders: readonly Order[], searchable: Searchable, bindings: Bindings): string {
  return orders
    .map(
      (order) =>
        `${toColumn(order, searchable, bindings).sql} ${order.descending ? 'DESC' : 'ASC'} NULLS LAST`,
    )
    .join(', ');
}

function toColumn(
  { entity, key }: Pick<Comparison, 'entity' | 'key'>,
  searchable: Searchable,
  bindings: Bindings,
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
  return { sql: `(${keyed} ${bindings.add(key)})`, type: entity === 'metric' ? 'number' : 'text' };
}

function toComparison(sql: string, type: 'text' | 'number', term: Comparison, bindings: Bindings): string {
  const { comparator, value } = term;
  if (comparator === 'IN' || comparator === 'NOT IN') {
    return `${comparator === 'NOT IN' ? 'NOT ' : ''}(${sql})::text = ANY(${bindings.add(value)}::text[])`;
  }
  if (type === 'number') {
    const number = typeof value === 'number' ? value : Number(value);
    if (Number.isNaN(number) || /LIKE/.test(comparator)) {
      throw new InvalidValueError(`${term.key} is a number; compare it with a number`);
    }
    return `${sql} ${comparator === '!=' ? '<>' : comparator} ${bindings.add(number)}::double precision`;
  }
  const operator = comparator === '!=' ? 'IS DISTINCT FROM' : comparator;
  return `${sql} ${operator} ${bindings.add(String(value))}::text`;
}

export function toStageCondition(table: 'e' | 'r', view: ViewType): string {
  if (view === 'ALL') return 'true';
  return `${table}.lifecycle_stage = '${view === 'DELETED_ONLY' ? 'deleted' : 'active'}'`;
}

/** Pages are offsets. The token is opaque to clients, so that this can change. */
export function parsePageToken(pageToken: string | undefined): number {
  if (pageToken === undefined || pageToken === '') return 0;
  const offset = Number(Buffer.from(pageToken, 'base64url').toString('utf8'));
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidValueError(`The page token "${pageToken.slice(0, 50)}" is not one of ours`);
  }
  return offset;
}

/** @param rows one more than `limit` if there is a next page */
export function toPage<Item>(rows: readonly Item[], limit: number, offset: number): Page<Item> {
  if (rows.length <= limit) return { items: rows, nextPageToken: undefined };
  return {
    items: rows.slice(0, limit),
    nextPageToken: Buffer.from(String(offset + limit)).toString('base64url'),
  };
}
