/** Turns a finding into an error of the library that owns the directory, so that each keeps its own codes. */
export interface StorageErrors {
  readonly corrupt: (message: string) => Error;
  readonly unsupported: (message: string) => Error;
}
