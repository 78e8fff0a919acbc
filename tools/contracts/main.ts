import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocuments } from './openapi.js';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'docs/contracts');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const documents: Readonly<Record<string, unknown>> = {
  'asyncapi.json': asyncApiDocument(version),
  ...(await openApiDocuments()),
};

mkdirSync(folder, { recursive: true });
const check = process.argv.includes('--check');
for (const [name, document] of Object.entries(documents)) {
  const path = join(folder, name);
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (!check) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`docs/contracts/${name} is out of date; run: npm run contracts\n`);
    process.exitCode = 1;
  }
}
process.exit();
