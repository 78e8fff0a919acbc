/** Something that holds a resource of the operating system. `close` is idempotent and resolves when all is released. */
export interface Closeable {
  close(): Promise<void>;
}
