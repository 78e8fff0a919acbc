import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Runs `commit-until-killed` until it has said `count` numbers, then kills it as a power switch would.
 *
 * @returns the last number that it said, which is the last commit that its caller could rely on
 */
export async function killWhileCommitting(
  schema: string,
  where: { readonly url: string } | { readonly directory: string },
  count: number,
): Promise<number> {
  // A process needs compiled code: beside this file when it is compiled itself, in dist when it runs from source.
  const program = fileURLToPath(import.meta.url)
    .replace('/src/', '/dist/')
    .replace(/kill-while-committing\.[jt]s$/, 'commit-until-killed.js');
  const [kind, place] = 'url' in where ? ['url', where.url] : ['directory', where.directory];
  const child = spawn(process.execPath, [program, schema, kind, place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= count) child.kill('SIGKILL');
  }
  await ended;
  if (last < count) throw new Error(`the child process ended by itself at ${last}`);
  return last;
}
