export { checkFormat, type DirectoryFormat } from './check-format.js';
export { checkFormatNumber } from './check-format-number.js';
export { checkFormatVersion } from './check-format-version.js';
export { checkLmdbFile } from './check-lmdb-file.js';
export { DirectoryInUseError } from './directory-in-use-error.js';
export { holdDirectory, type DirectoryHolder } from './hold-directory.js';
export { type StorageErrors } from './storage-errors.js';
