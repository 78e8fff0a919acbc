#!/usr/bin/env node
/**
 * Builds what changed, then runs one entry in this very process, so that signals and exit codes are the entry's own:
 *   node tools/run.mjs PROJECT ENTRY [ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const [project, entry, ...args] = process.argv.slice(2);
const compiled = join(root, project, 'dist', entry);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Headrace needs Node 20.19 or newer; this is ${process.version}\n`);
  process.exit(1);
}
if (!existsSync(compiled)) process.stderr.write('Building Headrace for the first time, about a minute ...\n');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const build = spawnSync(process.execPath, [tsc, '-b', join(root, project)], { stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

process.argv = [process.argv[0], compiled, ...args];
await import(pathToFileURL(compiled).href);
