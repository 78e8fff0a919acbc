import { AppError, describeError, type ErrorKind } from '@headrace/kernel';
import koffi from 'koffi';
import { openMpOf, ownOpenMp, waitWithoutSpinning } from './open-mp.js';

/** An address in the library's memory, as koffi hands it over. */
export type Pointer = bigint;

/** XGBoost's C API reported an error. The message is the library's own, without its stack trace. */
export class XgboostCallError extends AppError {
  readonly code = 'TRAINER_XGBOOST_CALL_FAILED';
  readonly kind: ErrorKind;

  constructor(
    readonly call: string,
    readonly reason: string,
    readonly libraryTrace: string,
  ) {
    super(`XGBoost refused ${call}: ${reason}`);
    // What XGBoost checks and reports is what the caller gave it, but for two: memory, and another process that is gone.
    if (reason.includes('bad_alloc')) this.kind = 'overloaded';
    else this.kind = isFromCollective(reason) ? 'unavailable' : 'invalid';
  }
}

/** Errors of the collective name the files that they went through, innermost last. */
function isFromCollective(reason: string): boolean {
  return /\[(?:allreduce|allgather|broadcast|coll|comm|loop|protocol|socket|tracker)\.(?:cc|h):\d/.test(
    reason,
  );
}

export class XgboostTooOldError extends AppError {
  readonly code = 'TRAINER_XGBOOST_TOO_OLD';
  readonly kind = 'unsupported';

  constructor(what: string, version: string, oldest: string) {
    super(
      `${what} ${version}, and ${oldest} is the oldest that works; run npm run xgboost:fetch for a current one`,
    );
  }
}

/**
 * The functions of the C API that are used, by their C declarations: all of them exist with the same signature from
 * 1.7 to 3.2. `void **` and not `float **` for results: the memory belongs to the library and is copied by hand.
 */
const declarations = {
  XGBGetLastError: 'const char *XGBGetLastError()',
  XGBoostVersion: 'void XGBoostVersion(_Out_ int *major, _Out_ int *minor, _Out_ int *patch)',
  XGBSetGlobalConfig: 'int XGBSetGlobalConfig(const char *config)',
  XGDMatrixCreateFromDense:
    'int XGDMatrixCreateFromDense(const char *values, const char *config, _Out_ void **handle)',
  XGDMatrixCreateFromCSR:
    'int XGDMatrixCreateFromCSR(const char *offsets, const char *indices, const char *values, uint64_t columns, const char *config, _Out_ void **handle)',
  XGDMatrixFree: 'int XGDMatrixFree(void *handle)',
  XGDMatrixSetInfoFromInterface:
    'int XGDMatrixSetInfoFromInterface(void *handle, const char *field, const char *values)',
  XGDMatrixSetStrFeatureInfo:
    'int XGDMatrixSetStrFeatureInfo(void *handle, const char *field, const char **values, uint64_t length)',
  XGBoosterCreate: 'int XGBoosterCreate(void **matrices, uint64_t length, _Out_ void **handle)',
  XGBoosterFree: 'int XGBoosterFree(void *handle)',
  XGBoosterSetParam: 'int XGBoosterSetParam(void *handle, const char *name, const char *value)',
  XGBoosterUpdateOneIter: 'int XGBoosterUpdateOneIter(void *handle, int iteration, void *matrix)',
  XGBoosterEvalOneIter:
    'int XGBoosterEvalOneIter(void *handle, int iteration, void **matrices, const char **names, uint64_t length, _Out_ const char **result)',
  XGBoosterPredictFromDMatrix:
    'int XGBoosterPredictFromDMatrix(void *handle, void *matrix, const char *config, _Out_ void **shape, _Out_ uint64_t *dimensions, _Out_ void **result)',
  XGBoosterBoostedRounds: 'int XGBoosterBoostedRounds(void *handle, _Out_ int *rounds)',
  XGBoosterGetNumFeature: 'int XGBoosterGetNumFeature(void *handle, _Out_ uint64_t *features)',
  XGBoosterSlice: 'int XGBoosterSlice(void *handle, int begin, int end, int step, _Out_ void **sliced)',
  XGBoosterSaveJsonConfig:
    'int XGBoosterSaveJsonConfig(void *handle, _Out_ uint64_t *length, _Out_ const char **json)',
  XGBoosterSaveModelToBuffer:
    'int XGBoosterSaveModelToBuffer(void *handle, const char *config, _Out_ uint64_t *length, _Out_ void **bytes)',
  XGBoosterLoadModelFromBuffer:
    'int XGBoosterLoadModelFromBuffer(void *handle, const uint8_t *bytes, uint64_t length)',
  XGBoosterGetAttr:
    'int XGBoosterGetAttr(void *handle, const char *name, _Out_ const char **value, _Out_ int *found)',
  XGBoosterSetAttr: 'int XGBoosterSetAttr(void *handle, const char *name, const char *value)',
  XGBoosterGetAttrNames:
    'int XGBoosterGetAttrNames(void *handle, _Out_ uint64_t *length, _Out_ void **names)',
  XGBoosterGetStrFeatureInfo:
    'int XGBoosterGetStrFeatureInfo(void *handle, const char *field, _Out_ uint64_t *length, _Out_ void **values)',
  XGBoosterSetStrFeatureInfo:
    'int XGBoosterSetStrFeatureInfo(void *handle, const char *field, const char **values, uint64_t length)',
  XGBoosterFeatureScore:
    'int XGBoosterFeatureScore(void *handle, const char *config, _Out_ uint64_t *featureCount, _Out_ void **features, _Out_ uint64_t *dimensions, _Out_ void **shape, _Out_ void **scores)',
} as const;

/** Those of training one model in many processes. A library has them since 2.1, and the rest works without. */
const collectiveDeclarations = {
  XGTrackerCreate: 'int XGTrackerCreate(const char *config, _Out_ void **handle)',
  XGTrackerWorkerArgs: 'int XGTrackerWorkerArgs(void *handle, _Out_ const char **json)',
  XGTrackerRun: 'int XGTrackerRun(void *handle, const char *config)',
  XGTrackerWaitFor: 'int XGTrackerWaitFor(void *handle, const char *config)',
  XGTrackerFree: 'int XGTrackerFree(void *handle)',
  XGCommunicatorInit: 'int XGCommunicatorInit(const char *config)',
  XGCommunicatorFinalize: 'int XGCommunicatorFinalize()',
  XGCommunicatorGetRank: 'int XGCommunicatorGetRank()',
  XGCommunicatorGetWorldSize: 'int XGCommunicatorGetWorldSize()',
} as const;

export type XgboostFunction = keyof typeof declarations | keyof typeof collectiveDeclarations;

type NativeFunction = (...parameters: readonly unknown[]) => unknown;
type Bound = Record<keyof typeof declarations, NativeFunction> &
  Partial<Record<keyof typeof collectiveDeclarations, NativeFunction>>;

/**
 * The C library, bound. The last error of the C API is kept per thread, so all calls are synchronous: threads are had
 * by running the whole binding in a worker.
 */
export class XgboostLibrary {
  readonly version: string;
  /** The file of the OpenMP runtime that it runs its threads by; undefined where it has none. */
  readonly openMp: string | undefined;

  private readonly functions: Bound;

  private constructor(
    readonly path: string,
    library: ReturnType<typeof koffi.load>,
  ) {
    this.functions = bind(library, declarations);
    this.openMp = openMpOf(path);
    const parts = [[0], [0], [0]];
    this.functions.XGBoostVersion(...parts);
    this.version = parts.flat().join('.');
    if (!this.isAtLeast(1, 7)) throw new XgboostTooOldError(`${path} is XGBoost`, this.version, '1.7');
    if (this.isAtLeast(2, 1)) Object.assign(this.functions, bind(library, collectiveDeclarations));
    // XGBoost writes its warnings to the standard streams, where they would end in the middle of structured logs.
    this.call('XGBSetGlobalConfig', JSON.stringify({ verbosity: 0 }));
  }

  /**
   * Loads the shared library at a path, or by a name that the system's loader resolves. Throws what the loader says.
   * One that misses GCC's OpenMP gets `openMp` in its place, by default the one that the trainer carries.
   */
  static load(path: string, openMp: string | undefined = ownOpenMp()): XgboostLibrary {
    waitWithoutSpinning();
    return new XgboostLibrary(path, loadWith(path, openMp));
  }

  isAtLeast(major: number, minor: number): boolean {
    const [ownMajor = 0, ownMinor = 0] = this.version.split('.').map(Number);
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  }

  /** Calls a function that answers 0 for success; anything else becomes a typed error. */
  call(name: XgboostFunction, ...parameters: readonly unknown[]): void {
    if (this.answer(name, ...parameters) === 0) return;
    const message = String(this.functions.XGBGetLastError());
    const [reason = '', trace = ''] = message.split(/\n?Stack trace:/);
    throw new XgboostCallError(
      name,
      reason.replace(/^\[\d\d:\d\d:\d\d\] (\S+:\d+: )?/, '').trim() || 'no reason given',
      trace.trim(),
    );
  }

  /** Calls a function whose answer is a value. */
  answer(name: XgboostFunction, ...parameters: readonly unknown[]): unknown {
    const bound = this.functions[name];
    if (bound === undefined) throw new XgboostTooOldError(`${name} is not in XGBoost`, this.version, '2.1');
    return bound(...parameters);
  }
}

function bind<Name extends string>(
  library: ReturnType<typeof koffi.load>,
  declared: Readonly<Record<Name, string>>,
): Record<Name, NativeFunction> {
  return Object.fromEntries(
    Object.entries<string>(declared).map(([name, declaration]) => [name, library.func(declaration)]),
  ) as unknown as Record<Name, NativeFunction>;
}

/** The loader names the library that it misses, and not the one that wanted it. */
function loadWith(path: string, openMp: string | undefined): ReturnType<typeof koffi.load> {
  try {
    return koffi.load(path);
  } catch (error) {
    if (openMp === undefined || !describeError(error).includes('libgomp.so')) throw error;
    koffi.load(openMp);
    return koffi.load(path);
  }
}

/** A place for a result that the library writes. */
export function slot<T>(): [T | null] {
  return [null];
}

export function taken<T>(filled: readonly [T | null], what: string): T {
  const [value] = filled;
  if (value === null) throw new XgboostCallError(what, 'the library answered success and gave no result', '');
  return value;
}

/** Copies bytes out of the library's memory, which the next call may overwrite. */
export function copyBytes(address: Pointer, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  return new Uint8Array(koffi.view(address, length).slice(0));
}

export function copyFloats(address: Pointer, length: number): Float32Array {
  if (length === 0) return new Float32Array(0);
  return new Float32Array(koffi.view(address, length * 4).slice(0));
}

export function copyLongs(address: Pointer, length: number): number[] {
  if (length === 0) return [];
  return Array.from(new BigUint64Array(koffi.view(address, length * 8).slice(0)), Number);
}

export function copyStrings(address: Pointer, length: number): string[] {
  if (length === 0) return [];
  return koffi.decode(address, koffi.array('str', length)) as string[];
}
