import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { markFormat } from './mark-format.js';

const current = { format: 'headrace-thing', version: 3 };
const allow = (): void => undefined;
const forbid = (): void => {
  throw new Error('there is data of an unknown format');
};

describe('the mark of a directory', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'headrace-'));
    file = join(directory, 'format.json');
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  });

  it('is written once, whole, and read from then on', () => {
    expect(markFormat(file, current, allow)).toEqual(current);
    expect(readdirSync(directory)).toEqual(['format.json']);
    expect(markFormat(file, { ...current, version: 4 }, forbid)).toEqual(current);
  });

  it('is not written where the caller sees data', () => {
    expect(() => markFormat(file, current, forbid)).toThrow('there is data');
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['', '{', 'null', '3', '"headrace-thing"', 'not json'])(
    'is undefined for %j, which is left',
    (text) => {
      writeFileSync(file, text);
      expect(markFormat(file, current, allow)).toBeUndefined();
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );
});
