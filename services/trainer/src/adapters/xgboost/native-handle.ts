import { AppError } from '@headrace/kernel';
import { type Pointer, type XgboostFunction, type XgboostLibrary } from './xgboost-library.js';

export type HandleKind = 'matrix' | 'booster' | 'tracker';

export class HandleFreedError extends AppError {
  readonly code = 'TRAINER_XGBOOST_HANDLE_FREED';
  readonly kind = 'internal';

  constructor(readonly handle: HandleKind) {
    super(`This ${handle} was freed; make another one`);
  }
}

const freeing = {
  matrix: 'XGDMatrixFree',
  booster: 'XGBoosterFree',
  tracker: 'XGTrackerFree',
} as const satisfies Record<HandleKind, XgboostFunction>;

const open: Record<HandleKind, number> = { matrix: 0, booster: 0, tracker: 0 };

/**
 * How many objects of the C library this thread holds.
 *
 * @internal for specs
 */
export function openHandles(): Readonly<Record<HandleKind, number>> {
  return { ...open };
}

/** Owns one object of the C library, outside of the heap, until `free`: the collector never frees it. */
export class NativeHandle {
  private address: Pointer | undefined;

  constructor(
    private readonly library: XgboostLibrary,
    private readonly kind: HandleKind,
    address: Pointer,
  ) {
    this.address = address;
    open[kind] += 1;
  }

  get pointer(): Pointer {
    if (this.address === undefined) throw new HandleFreedError(this.kind);
    return this.address;
  }

  /** Idempotent. */
  free(): void {
    if (this.address === undefined) return;
    const { address } = this;
    this.address = undefined;
    open[this.kind] -= 1;
    this.library.call(freeing[this.kind], address);
  }
}
