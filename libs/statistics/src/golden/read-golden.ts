import { readFileSync } from 'node:fs';

/** A golden file beside this one; its header says which command, seed and versions made it. */
export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')) as unknown;
}
