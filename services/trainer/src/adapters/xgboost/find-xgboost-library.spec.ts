import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { findXgboostLibrary, libraryFileName, type LibrarySearch } from './find-xgboost-library.js';

const nothing: LibrarySearch = {
  cacheDirectory: '/nowhere',
  pythonPackage: async () => undefined,
  systemNames: [],
};

const onLinux = process.platform === 'linux' && process.arch === 'x64';

/** A folder as the wheel has it, with the bundled library or with something else in it. */
async function unpackedWheel(root: string, version: string, broken = false): Promise<string> {
  const folder = join(root, version, 'xgboost', 'lib');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, libraryFileName());
  if (broken) writeFileSync(file, 'no library');
  else cpSync((await findXgboostLibrary(nothing)).path, file);
  return file;
}

describe.runIf(onLinux)('finding the library', () => {
  it('takes the bundled one on a machine that has nothing else', async () => {
    await expect(findXgboostLibrary(nothing)).resolves.toMatchObject({
      source: 'bundled',
      version: '1.7.5',
      rejected: [],
    });
  });

  it('takes the newest of the cache before everything else', async () => {
    const cacheDirectory = temporaryDirectory();
    await unpackedWheel(cacheDirectory, '3.9.0');
    const newest = await unpackedWheel(cacheDirectory, '3.10.0');
    await expect(findXgboostLibrary({ ...nothing, cacheDirectory })).resolves.toMatchObject({
      source: 'cache',
      path: newest,
    });
  });

  it('passes over one that does not load, and says why', async () => {
    const cacheDirectory = temporaryDirectory();
    const path = await unpackedWheel(cacheDirectory, '3.10.0', true);
    const found = await findXgboostLibrary({ ...nothing, cacheDirectory });
    expect(found.source).toBe('bundled');
    expect(found.rejected).toMatchObject([{ source: 'cache', path }]);
  });

  it('takes the Python package before the system', async () => {
    const root = temporaryDirectory();
    const file = await unpackedWheel(root, '3.2.0');
    const search = {
      ...nothing,
      pythonPackage: async () => join(root, '3.2.0', 'xgboost'),
      systemNames: [file],
    };
    await expect(findXgboostLibrary(search)).resolves.toMatchObject({ source: 'python' });
    await expect(
      findXgboostLibrary({ ...search, pythonPackage: async () => undefined }),
    ).resolves.toMatchObject({
      source: 'system',
    });
  });

  it('never takes another one in the place of a configured one', async () => {
    await expect(
      findXgboostLibrary({ ...nothing, configuredPath: '/nowhere/libxgboost.so' }),
    ).rejects.toMatchObject({
      code: 'TRAINER_XGBOOST_LIBRARY_UNUSABLE',
    });
  });
});

describe('a machine without any library', () => {
  it.each([
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'arm64'],
  ] as const)(
    'says what to install on %s %s, where the bundled one does not run',
    async (platform, architecture) => {
      await expect(findXgboostLibrary({ ...nothing, platform, architecture })).rejects.toMatchObject({
        code: 'TRAINER_XGBOOST_NOT_FOUND',
        message: expect.stringContaining(`${platform} ${architecture}; run npm run xgboost:fetch`) as string,
      });
    },
  );
});
