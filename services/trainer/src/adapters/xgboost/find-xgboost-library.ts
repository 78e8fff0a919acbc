import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError, describeError } from '@headrace/kernel';
import { XgboostLibrary } from './xgboost-library.js';

export type LibrarySource = 'configured' | 'cache' | 'python' | 'system' | 'bundled';

export interface LibraryCandidate {
  readonly source: LibrarySource;
  readonly path: string;
}

export interface RejectedLibrary extends LibraryCandidate {
  readonly reason: string;
}

export interface FoundLibrary extends LibraryCandidate {
  readonly version: string;
  /** The file of the OpenMP runtime that it runs on; undefined where it has none or nobody can tell. */
  readonly openMp: string | undefined;
  /** What came first and could not be used. */
  readonly rejected: readonly RejectedLibrary[];
}

export class XgboostLibraryNotFoundError extends AppError {
  readonly code = 'TRAINER_XGBOOST_NOT_FOUND';
  readonly kind = 'unsupported';

  constructor(
    platform: string,
    readonly rejected: readonly RejectedLibrary[],
  ) {
    const tried = rejected.map(({ source, path, reason }) => `${source} ${path}: ${reason}`).join('; ');
    super(
      `No XGBoost library was found on ${platform}${tried === '' ? '' : ` (${tried})`}; run npm run xgboost:fetch, install XGBoost (libxgboost0, brew install xgboost, pip install xgboost), or set XGBOOST_LIBRARY to the path of libxgboost`,
    );
  }
}

/** `XGBOOST_LIBRARY` names one library on purpose: another one is not taken in its place. */
export class ConfiguredLibraryUnusableError extends AppError {
  readonly code = 'TRAINER_XGBOOST_LIBRARY_UNUSABLE';
  readonly kind = 'unsupported';

  constructor(path: string, reason: string) {
    super(
      `XGBOOST_LIBRARY is ${path}, which cannot be used: ${reason}; correct the path or unset the variable`,
    );
  }
}

export interface LibrarySearch {
  /** `XGBOOST_LIBRARY`. */
  readonly configuredPath?: string;
  /** Where `npm run xgboost:fetch` unpacks wheels, one folder a version. */
  readonly cacheDirectory?: string;
  readonly platform?: NodeJS.Platform;
  readonly architecture?: string;
  /** The folder of an installed Python package `xgboost`; undefined when there is none. */
  readonly pythonPackage?: () => Promise<string | undefined>;
  /** Names and paths of a library that the system installed. */
  readonly systemNames?: readonly string[];
  readonly bundledPath?: () => string | undefined;
}

/** Shared with `npm run xgboost:fetch`. */
export function defaultCacheDirectory(): string {
  return join(homedir(), '.cache', 'headrace', 'xgboost');
}

export function libraryFileName(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return 'xgboost.dll';
  return platform === 'darwin' ? 'libxgboost.dylib' : 'libxgboost.so';
}

/**
 * Finds the library that this machine trains with: the configured one, else the newest in the cache, else a Python
 * package's, else the system's, else the one that an npm package carries. The newest comes first because it matters:
 * 3.2 trains twice as fast as 1.7. A candidate that does not load is passed over and named in the answer.
 */
export async function findXgboostLibrary(search: LibrarySearch = {}): Promise<FoundLibrary> {
  const platform = search.platform ?? process.platform;
  if (search.configuredPath !== undefined && search.configuredPath !== '') {
    const found = attempt({ source: 'configured', path: search.configuredPath });
    if ('reason' in found) throw new ConfiguredLibraryUnusableError(found.path, found.reason);
    return { ...found, rejected: [] };
  }
  const rejected: RejectedLibrary[] = [];
  for await (const candidate of candidates(search, platform)) {
    const found = attempt(candidate);
    if (!('reason' in found)) return { ...found, rejected };
    // The system is asked by name; that it has none is the normal case and no news.
    if (candidate.source !== 'system' || existsSync(candidate.path)) rejected.push(found);
  }
  throw new XgboostLibraryNotFoundError(`${platform} ${search.architecture ?? process.arch}`, rejected);
}

async function* candidates(
  search: LibrarySearch,
  platform: NodeJS.Platform,
): AsyncGenerator<LibraryCandidate> {
  const file = libraryFileName(platform);
  for (const path of cached(search.cacheDirectory ?? defaultCacheDirectory(), file)) {
    yield { source: 'cache', path };
  }
  const python = await (search.pythonPackage ?? installedPythonPackage)();
  if (python !== undefined && existsSync(join(python, 'lib', file))) {
    yield { source: 'python', path: join(python, 'lib', file) };
  }
  for (const path of search.systemNames ?? systemNames(file)) yield { source: 'system', path };
  const bundled = (search.bundledPath ?? bundledLibrary)();
  const runsBundled = platform === 'linux' && (search.architecture ?? process.arch) === 'x64';
  if (bundled !== undefined && runsBundled) yield { source: 'bundled', path: bundled };
}

function attempt(candidate: LibraryCandidate): Omit<FoundLibrary, 'rejected'> | RejectedLibrary {
  try {
    const { version, openMp } = XgboostLibrary.load(candidate.path);
    return { ...candidate, version, openMp };
  } catch (error) {
    return { ...candidate, reason: describeError(error) };
  }
}

/** Newest version first. */
function cached(directory: string, file: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((version) => /^\d+\.\d+/.test(version))
    .sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))
    .map((version) => join(directory, version, 'xgboost', 'lib', file))
    .filter((path) => existsSync(path));
}

function systemNames(file: string): string[] {
  return [file, `${file}.0`, `/opt/homebrew/lib/${file}`, `/usr/local/lib/${file}`];
}

async function installedPythonPackage(): Promise<string | undefined> {
  const script =
    'import importlib.util as u; s = u.find_spec("xgboost"); print(s.submodule_search_locations[0] if s else "")';
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', script], { timeout: 10_000 });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch (error) {
    // No Python, or one that does not start, is a machine without its package.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function bundledLibrary(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('xgboost_node/package.json');
    return join(dirname(manifest), 'lib', 'libxgboost.so');
  } catch (error) {
    // The package is installed only where it runs.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
