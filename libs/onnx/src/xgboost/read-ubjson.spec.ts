import { SeededRandom } from '@headrace/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUbjson } from './read-ubjson.js';
import { readGoldenBoosters } from '../testing/golden-boosters.js';
import { ModelRefusedError } from '../trees/tree-ensemble.js';

fc.configureGlobal({ seed: 20261124 });

/** Characters are markers, numbers are bytes. */
function ubj(...parts: readonly (string | number)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part, 'utf8'))),
  );
}

describe('readUbjson', () => {
  it.each([
    ['null', ubj('Z'), null],
    ['true', ubj('T'), true],
    ['a negative byte', ubj('i', 0xfe), -2],
    ['a byte without a sign', ubj('U', 0xfe), 254],
    ['16 bits, the high byte first', ubj('I', 0x01, 0x02), 258],
    ['32 bits', ubj('l', 0xff, 0xff, 0xff, 0xfe), -2],
    ['64 bits', ubj('L', 0, 0, 0, 1, 0, 0, 0, 0), 2 ** 32],
    ['float32', ubj('d', 0x3f, 0x80, 0, 0), 1],
    ['float64', ubj('D', 0xbf, 0xe0, 0, 0, 0, 0, 0, 0), -0.5],
    ['a character', ubj('C', 'x'), 'x'],
    ['a text', ubj('S', 'i', 3, 'h\u00e9'), 'h\u00e9'],
    ['an open list', ubj('[', 'i', 1, 'T', ']'), [1, true]],
    ['a counted list', ubj('[', '#', 'i', 2, 'i', 1, 'Z'), [1, null]],
    ['a typed list', ubj('[', '$', 'U', '#', 'i', 3, 1, 2, 255), [1, 2, 255]],
    ['an object', ubj('{', 'i', 1, 'a', 'T', 'i', 1, 'b', '[', ']', '}'), { a: true, b: [] }],
    ['a counted object', ubj('{', '#', 'i', 1, 'i', 1, 'a', 'F'), { a: false }],
    ['a typed object', ubj('{', '$', 'i', '#', 'i', 1, 'i', 1, 'a', 7), { a: 7 }],
    ['a name that JavaScript knows', ubj('{', 'i', 9, '__proto__', 'T', '}'), { ['__proto__']: true }],
  ])('reads %s', (_, bytes, value) => {
    expect(readUbjson(bytes)).toEqual(value);
  });

  it.each([
    ['nothing', ubj(), /byte 0: it is cut off/],
    ['a number that is cut off', ubj('l', 0, 0), /cut off/],
    ['something behind the value', ubj('T', 'T'), /byte 1: something follows/],
    ['a count that the file cannot hold', ubj('[', '#', 'l', 0x7f, 0xff, 0xff, 0xff), /count of 2147483647/],
    [
      'a typed list that the file cannot hold',
      ubj('[', '$', 'D', '#', 'i', 2, 0, 0, 0),
      /2 values is cut off/,
    ],
    ['a negative count', ubj('[', '#', 'i', 0xff), /count of -1/],
    ['a count that is not a number', ubj('[', '#', 'T'), /"T" where a count/],
    ['a type without a count', ubj('[', '$', 'i', 1), /type and no count/],
    ['values that take no bytes', ubj('[', '$', 'T', '#', 'i', 100), /container of the type "T"/],
    ['a name twice', ubj('{', 'i', 1, 'a', 'T', 'i', 1, 'a', 'T', '}'), /"a" comes twice/],
    ['a text that is not UTF-8', ubj('S', 'i', 1, 0xff), /not UTF-8/],
    ['an integer that is not exact', ubj('L', 0x7f, 0xff, 0, 0, 0, 0, 0, 1), /beyond 2\^53/],
    ['a number in digits', ubj('H', 'i', 1, '7'), /unknown type "H"/],
    ['lists in lists without end', ubj(...new Array<string>(10_000).fill('[')), /deeper than 64/],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => readUbjson(bytes)).toThrow(ModelRefusedError);
    expect(() => readUbjson(bytes)).toThrow(reason);
  });

  it('reads every value that is written as the draft says', () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;
    fc.assert(
      fc.property(json, (value) => {
        expect(readUbjson(write(value))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses or reads every damaged booster, at once', () => {
    const booster = readGoldenBoosters().find(({ ubj: file }) => file)!.ubj!;
    const random = new SeededRandom(17);
    let read = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const damaged = Buffer.from(booster);
      for (let changes = 1 + random.integer(3); changes > 0; changes -= 1) {
        damaged[random.integer(damaged.length)] = random.integer(256);
      }
      try {
        readUbjson(random.next() < 0.2 ? damaged.subarray(0, random.integer(damaged.length)) : damaged);
        read += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ModelRefusedError);
      }
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(990);
  });
});

function write(value: unknown): Uint8Array {
  const length = (count: number): Uint8Array => {
    const bytes = Buffer.alloc(5);
    bytes.write('l');
    bytes.writeInt32BE(count, 1);
    return bytes;
  };
  const text = (content: string): Uint8Array => {
    const bytes = Buffer.from(content, 'utf8');
    return Buffer.concat([length(bytes.length), bytes]);
  };
  if (value === null) return ubj('Z');
  if (typeof value === 'boolean') return ubj(value ? 'T' : 'F');
  if (typeof value === 'string') return Buffer.concat([ubj('S'), text(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.write('D');
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (Array.isArray(value)) {
    return Buffer.concat([ubj('[', '#'), length(value.length), ...value.map((item) => write(item))]);
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([ubj('{'), ...entries.flatMap(([name, item]) => [text(name), write(item)]), ubj('}')]);
}
