import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the servers that `npm run infra -- up` started known to the tests; variables that are set already win. */
export default function setup(): void {
  const file = join(import.meta.dirname, '../../test/infra/.state/env');
  if (!existsSync(file)) return;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line);
    if (match?.[1] !== undefined) process.env[match[1]] ??= match[2];
  }
}
