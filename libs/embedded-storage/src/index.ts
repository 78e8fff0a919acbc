export { checkDirectoryFormat, type DirectoryFormat } from './check-directory-format.js';
export { DirectoryInUseError, holdDirectory, type DirectoryOwner } from './hold-directory.js';
export { markFormat } from './mark-format.js';
