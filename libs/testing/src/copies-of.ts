import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/**
 * Copies of a directory that takes long to make, such as a new database: `make` fills the original before the first test
 * of the suite. Called at the top of a suite; the copies are the caller's to remove.
 */
export function copiesOf(make: (path: string) => Promise<void>): (to: string) => void {
  const original = mkdtempSync(join(tmpdir(), 'headrace-original-'));
  beforeAll(() => make(original));
  afterAll(() => {
    rmSync(original, { recursive: true, force: true });
  });
  return (to) => {
    cpSync(original, to, { recursive: true });
  };
}
