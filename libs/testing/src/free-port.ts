import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what Linux and macOS hand out to sockets that ask for any port. */
const range = { from: 10_000, to: 30_000 } as const;

/**
 * A loopback port that nobody listens on, for a test that starts a server there later, or never. No socket of another test
 * gets it by chance in the meantime, as one would that was given back to the system; nor does a client that knocks there
 * while nobody listens become its own answer, by being given that very port as its end.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(range.from, range.to);
    const server = createServer();
    const outcome = new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true));
      server.once('error', () => resolve(false));
    });
    server.listen(port, '127.0.0.1');
    if (!(await outcome)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
