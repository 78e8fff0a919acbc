import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkFormatNumber } from './check-format-number.js';
import { checkFormat } from './check-format.js';
import { checkLmdbFile } from './check-lmdb-file.js';
import { DirectoryInUseError } from './directory-in-use-error.js';

const errors = {
  corrupt: (message: string) => new Error(`corrupt: ${message}`),
  unsupported: (message: string) => new Error(`unsupported: ${message}`),
};
const format = { name: 'headrace-things', version: 2, contents: 'things', hasData: () => false };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

it('marks a new directory and accepts it from then on', () => {
  const directory = temporaryDirectory();
  checkFormat(directory, format, errors);
  checkFormat(directory, { ...format, hasData: () => true }, errors);
  expect(JSON.parse(readFileSync(join(directory, 'format.json'), 'utf8'))).toEqual({
    format: 'headrace-things',
    version: 2,
  });
});

it('refuses data without a mark, a mark of something else and another version', () => {
  const directory = temporaryDirectory();
  const check = () => checkFormat(directory, { ...format, hasData: () => true }, errors);
  expect(check).toThrow(`corrupt: ${directory} holds things but no format.json`);
  writeFileSync(join(directory, 'format.json'), '{"format":"headrace-others","version":2}');
  expect(check).toThrow('does not describe things');
  writeFileSync(join(directory, 'format.json'), '{"format":"headrace-things","version":3}');
  expect(check).toThrow(`unsupported: ${directory} has format 3, this build reads 2`);
});

it('accepts an older format number, and refuses a newer or a damaged one', () => {
  const file = join(temporaryDirectory(), 'mark.json');
  const check = () =>
    checkFormatNumber(
      file,
      { format: 2 },
      { damaged: () => new Error('damaged'), tooNew: (mark) => new Error(`too new: ${mark.format}`) },
    );
  expect(check()).toEqual({ format: 2 });
  writeFileSync(file, '{"format":1}');
  expect(check()).toEqual({ format: 1 });
  writeFileSync(file, '{"format":3}');
  expect(check).toThrow('too new: 3');
  writeFileSync(file, '{"form');
  expect(check).toThrow('damaged');
});

it('refuses a file that is not LMDB, and accepts one that is not there', () => {
  const file = join(temporaryDirectory(), 'data.mdb');
  checkLmdbFile(file, errors);
  writeFileSync(file, 'a'.repeat(8_192));
  expect(() => checkLmdbFile(file, errors)).toThrow(`corrupt: ${file} is not an LMDB file`);
});

it('says under the code of the library who holds a directory', () => {
  const error = new DirectoryInUseError('CACHE_DATA_DIRECTORY_IN_USE', '/data', { pid: 7, host: 'here' });
  expect(error).toMatchObject({ code: 'CACHE_DATA_DIRECTORY_IN_USE', kind: 'conflict' });
  expect(error.message).toContain('/data is in use by process 7 on here');
});
