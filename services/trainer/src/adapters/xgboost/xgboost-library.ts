import { AppError, type ErrorKind } from '@headrace/kernel';
import koffi from 'koffi';

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
    // What XGBoost checks and reports is what the caller gave it; running out of memory is the exception.
    this.kind = reason.includes('bad_alloc') ? 'overloaded' : 'invalid';
  }
}

export class XgboostTooOldError extends AppError {
  readonly code = 'TRAINER_XGBOOST_TOO_OLD';
  readonly kind = 'unsupported';

  constructor(path: string, version: string) {
    super(
      `${path} is XGBoost ${version}, and 1.7 is the oldest that works; run npm run xgboost:fetch for a current one`,
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
  XGDMatrixCreateFromMat_omp:
    'int XGDMatrixCreateFromMat_omp(const float *data, uint64_t rows, uint64_t columns, float missing, _Out_ void **handle, int threads)',
  XGDMatrixFree: 'int XGDMatrixFree(void *handle)',
  XGDMatrixSetFloatInfo:
    'int XGDMatrixSetFloatInfo(void *handle, const char *field, const float *values, uint64_t length)',
  XGDMatrixSetStrFeatureInfo:
    'int XGDMatrixSetStrFeatureInfo(void *handle, const char *field, const char **values, uint64_t length)',
  XGDMatrixNumRow: 'int XGDMatrixNumRow(void *handle, _Out_ uint64_t *rows)',
  XGDMatrixNumCol: 'int XGDMatrixNumCol(void *handle, _Out_ uint64_t *columns)',
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

export type XgboostFunction = keyof typeof declarations;

type NativeFunction = (...parameters: readonly unknown[]) => unknown;

/**
 * The C library, bound. The last error of the C API is kept per thread, so all calls are synchronous: threads are had
 * by running the whole binding in a worker.
 */
export class XgboostLibrary {
  readonly version: string;
  private readonly functions: Readonly<Record<XgboostFunction, NativeFunction>>;

  private constructor(
    readonly path: string,
    functions: Readonly<Record<XgboostFunction, NativeFunction>>,
  ) {
    this.functions = functions;
    const parts = [[0], [0], [0]];
    functions.XGBoostVersion(...parts);
    this.version = parts.flat().join('.');
    const [major = 0, minor = 0] = parts.flat();
    if (major < 1 || (major === 1 && minor < 7)) throw new XgboostTooOldError(path, this.version);
    // XGBoost writes its warnings to the standard streams, where they would end in the middle of structured logs.
    this.call('XGBSetGlobalConfig', JSON.stringify({ verbosity: 0 }));
  }

  /** Loads the shared library at a path, or by a name that the system's loader resolves. Throws what the loader says. */
  static load(path: string): XgboostLibrary {
    waitWithoutSpinning();
    const library = koffi.load(path);
    const bind = (declaration: string): NativeFunction => library.func(declaration);
    return new XgboostLibrary(
      path,
      Object.fromEntries(
        Object.entries(declarations).map(([name, declaration]) => [name, bind(declaration)]),
      ) as Record<XgboostFunction, NativeFunction>,
    );
  }

  /** Calls a function that answers 0 for success; anything else becomes a typed error. */
  call(name: XgboostFunction, ...parameters: readonly unknown[]): void {
    if (this.functions[name](...parameters) === 0) return;
    const message = String(this.functions.XGBGetLastError());
    const [reason = '', trace = ''] = message.split(/\n?Stack trace:/);
    throw new XgboostCallError(
      name,
      reason.replace(/^\[\d\d:\d\d:\d\d\] (\S+:\d+: )?/, '').trim() || 'no reason given',
      trace.trim(),
    );
  }
}

/**
 * OpenMP's threads wait for each other by spinning. Where other work wants the processors, as in a process that also
 * serves, they spin away the time of the thread that they wait for: measured up to six times slower on a busy machine
 * with two cores. The runtime reads this variable when it is loaded; a value that is set already stays.
 */
function waitWithoutSpinning(): void {
  if (process.platform === 'win32') return;
  const setenv = koffi.load(null).func('int setenv(const char *name, const char *value, int overwrite)') as (
    name: string,
    value: string,
    overwrite: number,
  ) => number;
  setenv('OMP_WAIT_POLICY', 'passive', 0);
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
