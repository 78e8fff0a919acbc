export { ObjectStore, type StoredObject } from './object-store.js';
export { createObjectStore, type ObjectStoreConfig } from './create-object-store.js';
export { openFileObjectStore } from './filesystem/file-object-store.js';
export { type S3Config } from './s3/s3-object-store.js';
