import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPglite } from '@headrace/database';
import { afterAll } from 'vitest';

let template: Promise<string> | undefined;

afterAll(async () => {
  if (template !== undefined) rmSync(await template, { recursive: true, force: true });
});

/** Creates an empty database. Initializing one takes seconds, so each test file does it once and copies the result. */
export async function createDatabase(directory: string): Promise<void> {
  template ??= initializeDatabase();
  cpSync(await template, directory, { recursive: true });
}

async function initializeDatabase(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-database-'));
  const database = await openPglite(directory);
  await database.close();
  return directory;
}
