import { AppError } from '@headrace/kernel';
import { type TensorSpec } from '@headrace/onnx';

/** A tensor of a request, already in memory as float32, row-major; NaN is a missing value. */
export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A request whose tensors do not fit the model. The message says what was expected. */
export class TensorsInvalidError extends AppError {
  readonly code = 'INFERENCE_TENSORS_INVALID';
  readonly kind = 'invalid';
}

export class TooManyRowsError extends AppError {
  readonly code = 'INFERENCE_TOO_MANY_ROWS';
  readonly kind = 'too-large';

  constructor(rows: number, maxRows: number) {
    super(`The request has ${rows} rows; ${maxRows} are allowed in one request, send them in parts`);
  }
}

/** Checks the tensors of a request against those of a model and answers how many rows they hold. */
export function checkInputs(
  model: string,
  inputs: readonly InputTensor[],
  specs: readonly TensorSpec[],
  maxRows: number,
): number {
  const expected = specs.map(describeTensor).join(', ');
  const invalid = (what: string): TensorsInvalidError =>
    new TensorsInvalidError(`${what}; ${model} expects ${expected}`);
  const names = inputs.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) throw invalid(`The input ${quoteName(name)} is given twice`);
    if (!specs.some((spec) => spec.name === name)) throw invalid(`There is no input ${quoteName(name)}`);
  }
  let rows: number | undefined;
  for (const spec of specs) {
    const input = inputs.find(({ name }) => name === spec.name);
    if (input === undefined) {
      if (spec.optional === true) continue;
      throw invalid(`The input ${quoteName(spec.name)} is missing`);
    }
    if (input.datatype !== spec.datatype) {
      throw invalid(`The input ${quoteName(input.name)} is ${quoteName(input.datatype)}`);
    }
    const fits =
      input.shape.length === spec.shape.length &&
      input.shape.every(
        (size, axis) =>
          Number.isSafeInteger(size) && size > 0 && (spec.shape[axis] === -1 || spec.shape[axis] === size),
      );
    if (!fits) {
      throw invalid(
        `The input ${quoteName(input.name)} has the shape [${input.shape.join(', ').slice(0, 100)}]`,
      );
    }
    const elements = input.shape.reduce((product, size) => product * size, 1);
    if (elements !== input.values.length) {
      throw invalid(
        `The input ${quoteName(input.name)} holds ${input.values.length} values where its shape has ${elements}`,
      );
    }
    const [count = 0] = input.shape;
    if (rows !== undefined && rows !== count) throw invalid('The inputs have different numbers of rows');
    rows = count;
    const wrong = input.values.findIndex((value) => value === Infinity || value === -Infinity);
    if (wrong >= 0) {
      throw invalid(
        `The value ${wrong} of ${quoteName(input.name)} is not a finite FP32 number; send NaN (null in JSON) for a missing one`,
      );
    }
  }
  if (rows === undefined) throw invalid('The request has no inputs');
  if (rows > maxRows) throw new TooManyRowsError(rows, maxRows);
  return rows;
}

/** The names of the outputs to answer, in the order of the request; all when it names none. */
export function chooseOutputs(
  model: string,
  requested: readonly string[],
  specs: readonly TensorSpec[],
): readonly string[] {
  const known = specs.map(({ name }) => name);
  for (const name of requested) {
    if (!known.includes(name)) {
      throw new TensorsInvalidError(
        `There is no output ${quoteName(name)}; ${model} answers ${specs.map(describeTensor).join(', ')}`,
      );
    }
  }
  return requested.length === 0 ? known : requested;
}

function describeTensor({ name, datatype, shape }: TensorSpec): string {
  return `${name} ${datatype} [${shape.map((size) => (size === -1 ? 'n' : size)).join(', ')}]`;
}

/** A name from outside, short enough for a message. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
