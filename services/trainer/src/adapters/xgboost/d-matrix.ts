import { AppError } from '@headrace/kernel';
import { NativeHandle } from './native-handle.js';
import { matrixConfig, withInterfaces, type NumericArray } from './numeric-array.js';
import { slot, taken, type Pointer, type XgboostLibrary } from './xgboost-library.js';

export class MatrixShapeError extends AppError {
  readonly code = 'TRAINER_MATRIX_SHAPE';
  readonly kind = 'invalid';
}

interface Columns {
  readonly rows: number;
  readonly columns: number;
  readonly featureNames?: readonly string[];
  /** A letter a column: `q` is a quantity, `c` a category (whole numbers from 0), `int`, `float`, `i` as XGBoost has them. */
  readonly featureTypes?: readonly ('q' | 'c' | 'int' | 'float' | 'i')[];
}

/** Rows of numbers, row after row in one array; what the trainer passes around instead of arrays of arrays. */
export interface DenseMatrix extends Columns {
  readonly values: NumericArray;
}

/** Compressed sparse rows: row i has the cells `offsets[i]` to `offsets[i + 1]`; a cell that is not there is missing, not 0. */
export interface CsrMatrix extends Columns {
  readonly offsets: Uint32Array | Int32Array | BigInt64Array | BigUint64Array;
  readonly indices: Uint32Array | Int32Array;
  readonly values: NumericArray;
}

export type FeatureMatrix = DenseMatrix | CsrMatrix;

/** What is known about the rows beside their features. */
export interface RowFacts {
  readonly label?: NumericArray;
  /** One a row; with `group`, one a group. */
  readonly weight?: NumericArray;
  /** Sizes of the groups (queries) that are ranked apart; rows of one group follow each other. */
  readonly group?: Uint32Array;
  /** The margin to begin with instead of `base_score`: one a row, or one a row and class. */
  readonly baseMargin?: NumericArray;
}

export interface DMatrixOptions extends RowFacts {
  /** The value that stands for "not known". Default NaN; NaN itself is always missing. */
  readonly missing?: number;
  /** How likely each column is drawn by `colsample_*`; one a column. */
  readonly featureWeights?: Float32Array;
  readonly threads: number;
}

/** XGBoost's own copy of a data set. Holds memory outside of the heap until `free`. */
export class DMatrix {
  private constructor(
    readonly library: XgboostLibrary,
    private readonly handle: NativeHandle,
    readonly rows: number,
    readonly columns: number,
  ) {}

  /** The library reads the arrays where they lie, once, in its own threads; they may be changed afterwards. */
  static from(library: XgboostLibrary, matrix: FeatureMatrix, options: DMatrixOptions): DMatrix {
    requireShape(matrix, options);
    const address =
      'offsets' in matrix ? readSparse(library, matrix, options) : readDense(library, matrix, options);
    const handle = new NativeHandle(library, 'matrix', address);
    const created = new DMatrix(library, handle, matrix.rows, matrix.columns);
    try {
      created.setNumbers('label', options.label);
      // Before the weights: XGBoost counts them by groups where there are groups.
      created.setNumbers('group', options.group);
      created.setNumbers('weight', options.weight);
      created.setNumbers('base_margin', options.baseMargin);
      created.setNumbers('feature_weights', options.featureWeights);
      created.setTexts('feature_name', matrix.featureNames);
      created.setTexts('feature_type', matrix.featureTypes);
    } catch (error) {
      created.free();
      throw error;
    }
    return created;
  }

  get pointer(): Pointer {
    return this.handle.pointer;
  }

  /** Idempotent. */
  free(): void {
    this.handle.free();
  }

  private setNumbers(field: string, array: NumericArray | undefined): void {
    if (array === undefined) return;
    const shape = field === 'base_margin' ? [this.rows, array.length / this.rows] : [array.length];
    withInterfaces([{ array, shape }], (numbers) =>
      this.library.call('XGDMatrixSetInfoFromInterface', this.pointer, field, numbers),
    );
  }

  private setTexts(field: string, values: readonly string[] | undefined): void {
    if (values !== undefined) {
      this.library.call('XGDMatrixSetStrFeatureInfo', this.pointer, field, [...values], values.length);
    }
  }
}

function readDense(library: XgboostLibrary, matrix: DenseMatrix, options: DMatrixOptions): Pointer {
  const handle = slot<Pointer>();
  withInterfaces([{ array: matrix.values, shape: [matrix.rows, matrix.columns] }], (values) =>
    library.call(
      'XGDMatrixCreateFromDense',
      values,
      matrixConfig(options.missing ?? Number.NaN, options.threads),
      handle,
    ),
  );
  return taken(handle, 'XGDMatrixCreateFromDense');
}

function readSparse(library: XgboostLibrary, matrix: CsrMatrix, options: DMatrixOptions): Pointer {
  const handle = slot<Pointer>();
  const arrays = [matrix.offsets, matrix.indices, matrix.values];
  withInterfaces(
    arrays.map((array) => ({ array, shape: [array.length] })),
    (offsets, indices, values) =>
      library.call(
        'XGDMatrixCreateFromCSR',
        offsets,
        indices,
        values,
        matrix.columns,
        matrixConfig(options.missing ?? Number.NaN, options.threads),
        handle,
      ),
  );
  return taken(handle, 'XGDMatrixCreateFromCSR');
}

/** What the library would read beyond its end, or take in silence. */
function requireShape(matrix: FeatureMatrix, options: DMatrixOptions): void {
  const { rows, columns, featureNames, featureTypes } = matrix;
  if (rows < 1 || columns < 1) {
    throw new MatrixShapeError(`A matrix of ${rows} rows and ${columns} columns holds nothing to learn from`);
  }
  if ('offsets' in matrix) requireSparseShape(matrix);
  else if (matrix.values.length !== rows * columns) {
    throw new MatrixShapeError(
      `${rows} rows of ${columns} columns need ${rows * columns} values, not ${matrix.values.length}`,
    );
  }
  for (const [what, perColumn] of [
    ['names', featureNames],
    ['types', featureTypes],
    ['weights', options.featureWeights],
  ] as const) {
    if (perColumn !== undefined && perColumn.length !== columns) {
      throw new MatrixShapeError(`${columns} columns have ${perColumn.length} ${what}`);
    }
  }
  const { group, weight, label, baseMargin } = options;
  if (label !== undefined && label.length !== rows) {
    throw new MatrixShapeError(`${rows} rows have ${label.length} labels`);
  }
  const inGroups = group?.reduce((sum, size) => sum + size, 0);
  if (inGroups !== undefined && inGroups !== rows) {
    throw new MatrixShapeError(`The groups have ${inGroups} rows, and the matrix has ${rows}`);
  }
  const weighed = group?.length ?? rows;
  if (weight !== undefined && weight.length !== weighed) {
    throw new MatrixShapeError(
      `${weighed} ${group === undefined ? 'rows' : 'groups'} have ${weight.length} weights`,
    );
  }
  if (baseMargin !== undefined && (baseMargin.length === 0 || baseMargin.length % rows !== 0)) {
    throw new MatrixShapeError(`${rows} rows have ${baseMargin.length} margins to begin with`);
  }
}

function requireSparseShape({ rows, columns, offsets, indices, values }: CsrMatrix): void {
  if (offsets.length !== rows + 1 || Number(offsets[0]) !== 0) {
    throw new MatrixShapeError(
      `${rows} sparse rows need ${rows + 1} offsets that begin with 0, not ${offsets.length} from ${offsets[0] ?? 'none'}`,
    );
  }
  let end = 0;
  for (const offset of offsets) {
    if (offset < end) {
      throw new MatrixShapeError(`A sparse row ends at ${offset}, before it begins at ${end}`);
    }
    end = Number(offset);
  }
  if (indices.length !== end || values.length !== end) {
    throw new MatrixShapeError(
      `The offsets end at ${end}, and there are ${indices.length} indices and ${values.length} values`,
    );
  }
  for (const [cell, column] of indices.entries()) {
    if (column < 0 || column >= columns) {
      throw new MatrixShapeError(`Sparse cell ${cell} is in column ${column} of ${columns}`);
    }
  }
}
