import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAllInOne } from '@headrace/all-in-one';
import { PinoServiceLogger } from '@headrace/service-host';

/** The OpenAPI documents of the nine services, as they serve them themselves at /openapi.json. */
export async function openApiDocuments(): Promise<Readonly<Record<string, unknown>>> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-contracts-'));
  const environment = { HEADRACE_DATA_DIR: directory, HEADRACE_PORT_BASE: '0', HEADRACE_LOG_LEVEL: 'error' };
  const logger = new PinoServiceLogger('contracts', { logLevel: 'error', logFormat: 'json' });
  try {
    const platform = await startAllInOne(environment, logger);
    const documents: Record<string, unknown> = {};
    for (const [name, service] of [...platform.services].sort(([a], [b]) => (a < b ? -1 : 1))) {
      documents[`${name}.openapi.json`] = await (await fetch(`${service.httpUrl}/openapi.json`)).json();
    }
    await platform.close();
    return documents;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
