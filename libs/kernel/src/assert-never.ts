/** Marks a branch that the types exclude; reached only when data lied about its type. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value ${JSON.stringify(value)}`);
}
