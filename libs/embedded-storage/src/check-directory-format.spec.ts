import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { checkDirectoryFormat, type DirectoryFormat } from './check-directory-format.js';

describe('The format of a directory', () => {
  let directory: string;
  const check = (changes: Partial<DirectoryFormat> = {}): void =>
    checkDirectoryFormat(directory, {
      name: 'headrace-thing',
      version: 2,
      content: 'a thing',
      holdsData: () => false,
      corrupt: (message) => new Error(`corrupt: ${message}`),
      unsupported: (message) => new Error(`unsupported: ${message}`),
      ...changes,
    });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'headrace-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  });

  it('is marked in a new directory and accepted from then on', () => {
    check();
    check({ holdsData: () => true });
    expect(JSON.parse(readFileSync(join(directory, 'format.json'), 'utf8'))).toEqual({
      format: 'headrace-thing',
      version: 2,
    });
  });

  it('is not guessed where there is data without a mark', () => {
    expect(() => check({ holdsData: () => true })).toThrow('corrupt: ');
  });

  it.each([
    ['{"format": "headrace-other", "version": 2}', 'does not describe a thing'],
    ['{"format": "headrace-thing"}', 'does not describe a thing'],
    ['{"format": ', 'does not describe a thing'],
  ])('is refused when the mark is %s', (mark, message) => {
    writeFileSync(join(directory, 'format.json'), mark);
    expect(() => check()).toThrow(message);
  });

  it('is refused when it is of another version, older or newer', () => {
    for (const version of [1, 3]) {
      writeFileSync(join(directory, 'format.json'), JSON.stringify({ format: 'headrace-thing', version }));
      expect(() => check()).toThrow(`unsupported: ${directory} has format ${version}, this build reads 2`);
    }
  });

  it('is refused when an LMDB file of it is not one', () => {
    const lmdbFile = join(directory, 'data.lmdb');
    writeFileSync(lmdbFile, Buffer.alloc(8192, 1));
    expect(() => check({ lmdbFile })).toThrow(`corrupt: ${lmdbFile} is not an LMDB file`);
  });
});
