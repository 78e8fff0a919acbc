import koffi from 'koffi';

/** Arrays that XGBoost reads where they lie, in their own type. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const typeNames = {
  Float32Array: 'f4',
  Float64Array: 'f8',
  Int8Array: 'i1',
  Uint8Array: 'u1',
  Int16Array: 'i2',
  Uint16Array: 'u2',
  Int32Array: 'i4',
  Uint32Array: 'u4',
  BigInt64Array: 'i8',
  BigUint64Array: 'u8',
} as const satisfies Record<NumericArray[typeof Symbol.toStringTag], string>;

/** Arrays whose addresses the library holds right now: the collector does not see an address in a text. */
const held = new Set<NumericArray>();

/**
 * Calls with the array interfaces of the arrays (NumPy's protocol, version 3: a JSON text with address, type and
 * shape). Nothing is copied and no cell is touched here; the arrays stay alive until `use` returns.
 */
export function withInterfaces<T>(
  arrays: readonly { readonly array: NumericArray; readonly shape: readonly number[] }[],
  use: (...interfaces: string[]) => T,
): T {
  for (const { array } of arrays) held.add(array);
  try {
    return use(...arrays.map(({ array, shape }) => interfaceOf(array, shape)));
  } finally {
    for (const { array } of arrays) held.delete(array);
  }
}

function interfaceOf(array: NumericArray, shape: readonly number[]): string {
  const type = typeNames[array[Symbol.toStringTag]];
  // An empty array has no address worth the name; the shape says that nothing is read there.
  const address = array.length === 0 ? 0 : koffi.address(array).toString();
  const order = array.BYTES_PER_ELEMENT === 1 ? '|' : '<';
  return `{"data":[${address},true],"shape":[${shape.join(',')}],"strides":null,"typestr":"${order}${type}","version":3}`;
}

/** The parameters of a matrix, where JSON has no NaN and XGBoost's own reader does. */
export function matrixConfig(missing: number, threads: number): string {
  return `{"missing":${Number.isNaN(missing) ? 'NaN' : missing},"nthread":${threads}}`;
}
