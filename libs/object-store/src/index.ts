export { ObjectStore, type StoredObject } from './object-store.js';
export {
  InvalidObjectKeyError,
  ObjectCorruptError,
  ObjectExistsError,
  ObjectKeyConflictError,
  ObjectNotFoundError,
  ObjectStoreClosedError,
  ObjectStoreConfigError,
  ObjectStoreFormatUnsupportedError,
  ObjectStoreRefusedError,
  ObjectStoreUnavailableError,
} from './object-store-errors.js';
export { createObjectStore, objectStoreConfigOf, type ObjectStoreConfig } from './create-object-store.js';
export { FileObjectStore, openFileObjectStore } from './filesystem/file-object-store.js';
export { openS3ObjectStore, S3ObjectStore, type S3Config } from './s3/s3-object-store.js';
