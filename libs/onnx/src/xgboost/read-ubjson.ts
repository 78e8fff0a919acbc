import { refuse } from '../trees/tree-ensemble.js';

const maxDepth = 64;

/** Bytes of one number, by its marker. */
const numberSize: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };

/**
 * Reads Universal Binary JSON, draft 12, as XGBoost writes its models: big-endian numbers, containers with or without a
 * declared type and count. Returns plain objects, lists and numbers, so that a model read from UBJ equals the one read
 * from JSON.
 *
 * Strict where leniency could hide damage or cost memory: every length and count must fit into the rest of the file
 * before anything is allocated, names in an object are unique, integers are exact, strings are UTF-8, nesting is bounded, and
 * nothing follows the value. Refused: high-precision numbers, no-ops, and typed containers of values that
 * take no bytes. Throws ModelRefusedError with the position, for any input.
 *
 * @see https://ubjson.org/
 */
export function readUbjson(content: Uint8Array): unknown {
  const reader = new UbjsonReader(content);
  const value = reader.value(reader.marker(), 0);
  if (reader.place !== content.length) reader.fail('something follows the value');
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

class UbjsonReader {
  place = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(what: string): never {
    return refuse(`its UBJ is broken at byte ${this.place}: ${what}`);
  }

  marker(): string {
    return String.fromCharCode(this.bytes[this.take(1)] as number);
  }

  value(marker: string, depth: number): unknown {
    switch (marker) {
      case 'Z':
        return null;
      case 'T':
        return true;
      case 'F':
        return false;
      case 'C':
        return this.text(1);
      case 'S':
        return this.text(this.count());
      case '[':
        return this.list(depth + 1);
      case '{':
        return this.object(depth + 1);
      default:
        return this.number(marker);
    }
  }

  private list(depth: number): unknown[] {
    const { type, count } = this.container(depth);
    if (count === undefined) {
      const values: unknown[] = [];
      for (let marker = this.marker(); marker !== ']'; marker = this.marker()) {
        values.push(this.value(marker, depth));
      }
      return values;
    }
    const size = type === undefined ? 1 : (numberSize[type] ?? 1);
    if (count * size > this.bytes.length - this.place) this.fail(`a list of ${count} values is cut off`);
    return Array.from({ length: count }, () => this.value(type ?? this.marker(), depth));
  }

  private object(depth: number): Readonly<Record<string, unknown>> {
    const { type, count } = this.container(depth);
    const entries = new Map<string, unknown>();
    for (let index = 0; index !== count; index += 1) {
      if (count === undefined && this.bytes[this.place] === 0x7d) {
        this.place += 1;
        break;
      }
      const name = this.text(this.count());
      if (entries.has(name)) this.fail(`the name ${JSON.stringify(name.slice(0, 80))} comes twice`);
      entries.set(name, this.value(type ?? this.marker(), depth));
    }
    return Object.fromEntries(entries);
  }

  /** The `$type` and `#count` that may begin a container. */
  private container(depth: number): { readonly type?: string; readonly count?: number } {
    if (depth > maxDepth) this.fail(`it is nested deeper than ${maxDepth} levels`);
    let type: string | undefined;
    if (this.bytes[this.place] === 0x24) {
      this.place += 1;
      type = this.marker();
      if (!'iUIlLdDSC[{'.includes(type)) this.fail(`a container of the type ${JSON.stringify(type)}`);
      if (this.bytes[this.place] !== 0x23) this.fail('a container with a type and no count');
    }
    if (this.bytes[this.place] !== 0x23) return {};
    this.place += 1;
    return { ...(type !== undefined && { type }), count: this.count() };
  }

  private count(): number {
    const marker = this.marker();
    if (!'iUIlL'.includes(marker)) this.fail(`${JSON.stringify(marker)} where a count should be`);
    const count = this.number(marker);
    if (count < 0 || count > this.bytes.length - this.place) this.fail(`a count of ${count}`);
    return count;
  }

  private text(length: number): string {
    const from = this.take(length);
    try {
      return utf8.decode(this.bytes.subarray(from, from + length));
    } catch (error) {
      return this.fail(`a text is not UTF-8 (${error instanceof Error ? error.message : 'unknown'})`);
    }
  }

  private number(marker: string): number {
    const size = numberSize[marker] ?? this.fail(`the unknown type ${JSON.stringify(marker)}`);
    const from = this.take(size);
    switch (marker) {
      case 'i':
        return this.view.getInt8(from);
      case 'U':
        return this.view.getUint8(from);
      case 'I':
        return this.view.getInt16(from);
      case 'l':
        return this.view.getInt32(from);
      case 'd':
        return this.view.getFloat32(from);
      case 'D':
        return this.view.getFloat64(from);
      default: {
        const value = Number(this.view.getBigInt64(from));
        if (!Number.isSafeInteger(value)) this.fail('an integer beyond 2^53');
        return value;
      }
    }
  }

  /** Skips this many bytes and returns where they begin. */
  private take(length: number): number {
    const from = this.place;
    if (length > this.bytes.length - from) this.fail('it is cut off');
    this.place += length;
    return from;
  }
}
