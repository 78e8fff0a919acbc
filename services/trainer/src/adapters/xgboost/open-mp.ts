import { existsSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';

type Address = bigint;

const resolveLazily = 1; // RTLD_LAZY, the same on Linux and macOS
const alreadyLoaded = { linux: 4, darwin: 16 } as const; // RTLD_NOLOAD

/**
 * The OpenMP runtime that the trainer carries for Linux x64 (native/libgomp.c), under the name that GCC's has. A slim
 * image has Node's own libraries and no libgomp; the loader takes a library that is loaded already under that name
 * before it looks for a file.
 */
export function ownOpenMp(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const path = join(import.meta.dirname, '../../../native/libgomp-headrace-x64.so');
  return existsSync(path) ? path : undefined;
}

/**
 * OpenMP's threads wait for each other by spinning. Where other work wants the processors, as in a process that also
 * serves, they spin away the time of the thread that they wait for: measured up to six times slower on a busy machine
 * with two cores. The runtime reads this variable when it is loaded; a value that is set already stays.
 */
export function waitWithoutSpinning(): void {
  if (process.platform === 'win32') return;
  const setenv = koffi.load(null).func('int setenv(const char *name, const char *value, int overwrite)') as (
    name: string,
    value: string,
    overwrite: number,
  ) => number;
  setenv('OMP_WAIT_POLICY', 'passive', 0);
}

/** The file of the OpenMP runtime that a loaded library runs on; undefined where it has none or nobody can tell. */
export function openMpOf(path: string): string | undefined {
  if (process.platform !== 'linux' && process.platform !== 'darwin') return undefined;
  const system = koffi.load(null);
  const dlopen = system.func('void *dlopen(const char *path, int flags)') as (
    path: string,
    flags: number,
  ) => Address | null;
  const dlsym = system.func('void *dlsym(void *library, const char *name)') as (
    library: Address,
    name: string,
  ) => Address | null;
  // Dl_info: file name, base, name of the symbol, its address. The file name is all that is read.
  const dladdr = system.func('int dladdr(void *address, void *info)') as (
    address: Address,
    info: BigUint64Array,
  ) => number;
  const library = dlopen(path, resolveLazily | alreadyLoaded[process.platform]);
  if (library === null) return undefined;
  const symbol = dlsym(library, 'omp_get_max_threads');
  if (symbol === null) return undefined;
  const info = new BigUint64Array(4);
  if (dladdr(symbol, info) === 0 || info[0] === undefined || info[0] === 0n) return undefined;
  return koffi.decode(info[0], 'char', -1) as string;
}
