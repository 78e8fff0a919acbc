import { join } from 'node:path';
import { findLmdbFault } from './find-lmdb-fault.js';
import { markFormat } from './mark-format.js';

/** How the directory of a store is marked, and what refuses one that this build must not touch. */
export interface DirectoryFormat {
  /** Name in the mark, such as `headrace-log`. */
  readonly name: string;
  readonly version: number;
  /** As messages name the content: `a log`. */
  readonly content: string;
  /** Whether the directory holds data. Data without a mark is refused: nothing says how it was written. */
  readonly holdsData: () => boolean;
  /** An LMDB file to be checked for its length, because LMDB kills the process when it reads beyond the end. */
  readonly lmdbFile?: string;
  /** The error of a directory that is damaged or holds something else. */
  readonly corrupt: (message: string) => Error;
  /** The error of a directory that another version of the format wrote. */
  readonly unsupported: (message: string) => Error;
}

/** Marks a new directory with its format; throws when an existing one is damaged, foreign or of another version. */
export function checkDirectoryFormat(directory: string, format: DirectoryFormat): void {
  const { name, version, content, corrupt } = format;
  const file = join(directory, 'format.json');
  const mark = markFormat(file, { format: name, version }, () => {
    if (format.holdsData()) throw corrupt(`${directory} holds ${content} but no format.json`);
  });
  if (mark?.format !== name || typeof mark.version !== 'number') {
    throw corrupt(`${file} does not describe ${content}`);
  }
  if (mark.version !== version) {
    throw format.unsupported(
      `${directory} has format ${mark.version}, this build reads ${version}; use the build that wrote it, or another data directory`,
    );
  }
  const fault = format.lmdbFile === undefined ? undefined : findLmdbFault(format.lmdbFile);
  if (fault !== undefined) throw corrupt(fault);
}
