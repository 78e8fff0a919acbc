import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

/**
 * Reads the file that says how a directory was written, and writes it where there is none. It appears with its content
 * in one step: a process that is killed meanwhile leaves no half of it, which would lock the directory's owner out.
 *
 * @param mayMark asked before a mark is written; throws when the directory holds data whose format is unknown
 * @returns what the file holds; undefined when it holds no JSON object
 */
export function markFormat<T extends object>(
  file: string,
  current: T,
  mayMark: () => void,
): Partial<Record<keyof T, unknown>> | undefined {
  const written = readContent(file);
  if (written === undefined) {
    mayMark();
    const draft = `${file}.${randomUUID()}`;
    const handle = openSync(draft, 'w', 0o600);
    try {
      writeSync(handle, `${JSON.stringify(current)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
    return current;
  }
  try {
    const mark = JSON.parse(written) as unknown;
    return typeof mark === 'object' && mark !== null ? mark : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readContent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
