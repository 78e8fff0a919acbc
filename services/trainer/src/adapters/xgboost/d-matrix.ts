import { AppError } from '@headrace/kernel';
import { slot, taken, type Pointer, type XgboostLibrary } from './xgboost-library.js';

export class MatrixShapeError extends AppError {
  readonly code = 'TRAINER_MATRIX_SHAPE';
  readonly kind = 'invalid';
}

/** Rows of numbers, row after row in one array; what the trainer passes around instead of arrays of arrays. */
export interface FeatureMatrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly featureNames?: readonly string[];
}

export interface DMatrixOptions {
  readonly label?: Float32Array;
  readonly weight?: Float32Array;
  readonly baseMargin?: Float32Array;
  /** The value that stands for "not known". Default NaN; NaN itself is always missing. */
  readonly missing?: number;
  readonly threads: number;
}

/** XGBoost's own copy of a data set. Holds memory outside of the heap until `free`. */
export class DMatrix {
  private handle: Pointer | undefined;

  private constructor(
    readonly library: XgboostLibrary,
    handle: Pointer,
    readonly rows: number,
    readonly columns: number,
  ) {
    this.handle = handle;
  }

  static from(library: XgboostLibrary, matrix: FeatureMatrix, options: DMatrixOptions): DMatrix {
    requireShape(matrix, options);
    const handle = slot<Pointer>();
    library.call(
      'XGDMatrixCreateFromMat_omp',
      matrix.values,
      matrix.rows,
      matrix.columns,
      options.missing ?? Number.NaN,
      handle,
      options.threads,
    );
    const created = new DMatrix(
      library,
      taken(handle, 'XGDMatrixCreateFromMat_omp'),
      matrix.rows,
      matrix.columns,
    );
    try {
      created.setFloats('label', options.label);
      created.setFloats('weight', options.weight);
      created.setFloats('base_margin', options.baseMargin);
      if (matrix.featureNames !== undefined)
        library.call(
          'XGDMatrixSetStrFeatureInfo',
          created.pointer,
          'feature_name',
          [...matrix.featureNames],
          matrix.featureNames.length,
        );
    } catch (error) {
      created.free();
      throw error;
    }
    return created;
  }

  get pointer(): Pointer {
    if (this.handle === undefined)
      throw new MatrixShapeError('This matrix was freed; make a new one from its data');
    return this.handle;
  }

  /** Idempotent. */
  free(): void {
    if (this.handle === undefined) return;
    this.library.call('XGDMatrixFree', this.handle);
    this.handle = undefined;
  }

  private setFloats(field: string, values: Float32Array | undefined): void {
    if (values !== undefined)
      this.library.call('XGDMatrixSetFloatInfo', this.pointer, field, values, values.length);
  }
}

function requireShape(matrix: FeatureMatrix, options: DMatrixOptions): void {
  const { values, rows, columns, featureNames } = matrix;
  if (rows < 1 || columns < 1)
    throw new MatrixShapeError(`A matrix of ${rows} rows and ${columns} columns holds nothing to learn from`);
  if (values.length !== rows * columns)
    throw new MatrixShapeError(
      `${rows} rows of ${columns} columns need ${rows * columns} values, not ${values.length}`,
    );
  if (featureNames !== undefined && featureNames.length !== columns)
    throw new MatrixShapeError(`${columns} columns have ${featureNames.length} names`);
  for (const [name, perRow] of [
    ['labels', options.label],
    ['weights', options.weight],
  ] as const)
    if (perRow !== undefined && perRow.length !== rows)
      throw new MatrixShapeError(`${rows} rows have ${perRow.length} ${name}`);
}
