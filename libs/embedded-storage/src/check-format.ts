import { join } from 'node:path';
import { checkFormatVersion } from './check-format-version.js';
import { markFormat } from './mark-format.js';
import { type StorageErrors } from './storage-errors.js';

export interface DirectoryFormat {
  /** Written to the mark, for example `headrace-log`. */
  readonly name: string;
  readonly version: number;
  /** Used in messages, for example `a log`. */
  readonly contents: string;
  /** Whether the directory has data; data without a mark is never adopted. */
  readonly hasData: () => boolean;
}

/** Checks `format.json` of a directory, and writes it to a directory that is new. */
export function checkFormat(directory: string, format: DirectoryFormat, errors: StorageErrors): void {
  const { name, version, contents, hasData } = format;
  const file = join(directory, 'format.json');
  const mark = markFormat(file, { format: name, version }, () => {
    if (hasData()) throw errors.corrupt(`${directory} holds ${contents} but no format.json`);
  });
  if (mark?.format !== name || typeof mark.version !== 'number') {
    throw errors.corrupt(`${file} does not describe ${contents}`);
  }
  checkFormatVersion(directory, mark.version, version, errors);
}
