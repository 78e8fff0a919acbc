/** Something that a person declared (a policy, a feature view, a suite, a plan), as it is in force. */
export interface Declared<T> {
  readonly name: string;
  /** What decisions and evidence name: the first twelve hexadecimal digits of the digest. */
  readonly version: string;
  /** SHA-256 of its canonical JSON, `sha256:<hex>`. Comments and the order of keys do not change it. */
  readonly digest: string;
  readonly value: T;
}
