import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError, describeError } from '@headrace/kernel';
import { defaultCacheDirectory, libraryFileName } from './find-xgboost-library.js';
import { XgboostLibrary } from './xgboost-library.js';

export class XgboostFetchError extends AppError {
  readonly code = 'TRAINER_XGBOOST_FETCH_FAILED';
  readonly kind = 'unavailable';
}

export interface FetchOptions {
  /** Default: where the trainer looks. */
  readonly cacheDirectory?: string;
  /** Default: the newest. */
  readonly version?: string;
  /** The interpreter whose pip downloads; nothing is installed into it. Default `python3`. */
  readonly python?: string;
}

/**
 * Fills the cache with the library out of the wheel `xgboost-cpu`: downloaded by pip, so that its index, proxy and
 * certificates are those of this machine, unpacked, loaded once to see that it works, and only then put in its place.
 * Python is needed here and never again.
 */
export async function fetchXgboost(
  options: FetchOptions = {},
): Promise<{ readonly path: string; readonly version: string }> {
  const cache = options.cacheDirectory ?? defaultCacheDirectory();
  const python = options.python ?? 'python3';
  await mkdir(cache, { recursive: true });
  // Beside its final place: a rename within one file system is atomic.
  const work = await mkdtemp(join(cache, '.fetch-'));
  try {
    // macOS has no wheel of that name; there `xgboost` itself is small.
    const name = process.platform === 'darwin' ? 'xgboost' : 'xgboost-cpu';
    const wanted = options.version === undefined ? name : `${name}==${options.version}`;
    await runPython(python, [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      work,
      wanted,
    ]);
    const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new XgboostFetchError(`pip downloaded no wheel of ${wanted}`);
    const unpacked = join(work, 'unpacked');
    await runPython(python, ['-m', 'zipfile', '-e', join(work, wheel), unpacked]);
    const { version } = XgboostLibrary.load(join(unpacked, 'xgboost', 'lib', libraryFileName()));
    const place = join(cache, version);
    const path = join(place, 'xgboost', 'lib', libraryFileName());
    if (!existsSync(path)) {
      await rm(place, { recursive: true, force: true });
      await rename(unpacked, place);
    }
    return { path, version };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runPython(python: string, parameters: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(python, [...parameters], { timeout: 600_000 });
  } catch (error) {
    throw new XgboostFetchError(
      `${python} ${parameters.slice(0, 3).join(' ')} did not succeed (${describeError(error)}); it needs Python with pip, and the network`,
      { cause: error },
    );
  }
}
