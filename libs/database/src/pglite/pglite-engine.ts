import { type PGlite } from '@electric-sql/pglite';

interface Waiting {
  readonly connection: object;
  readonly begin: () => void;
  readonly giveUp: (error: Error) => void;
}

/**
 * Shares PGlite's single session between connections as a server would: one unit of messages at a time, and a
 * connection that opened a transaction keeps the engine until it ends it or leaves. Others wait in order of arrival.
 *
 * It takes the place of pglite-socket, which queues single protocol messages: two connections that wait behind a
 * transaction get their parse and bind messages mixed, and one of them gets the other's answer.
 */
export class PgliteEngine {
  /** The answer to every start-up packet. */
  readonly greeting: Buffer;
  private owner: object | undefined;
  private readonly queue: Waiting[] = [];
  private broken: Error | undefined;

  constructor(
    private readonly pglite: PGlite,
    serverVersion: string,
    /** How long a statement waits for a transaction of another connection before it fails. */
    private readonly waitTimeoutMs = 60_000,
  ) {
    this.greeting = greetingOf(serverVersion);
  }

  /** Runs one unit. `answer` must copy the bytes: PGlite writes its next answer over them. */
  async run(
    connection: object,
    messages: readonly Uint8Array[],
    answer: (bytes: Uint8Array) => void,
  ): Promise<void> {
    if (this.owner !== connection) {
      const refusal = await this.acquire(connection);
      if (refusal !== undefined) {
        answer(errorAnswer(refusal));
        return;
      }
    }
    try {
      await this.execute(messages, answer);
    } finally {
      if (this.broken !== undefined || !this.pglite.isInTransaction()) this.release();
    }
  }

  /** Runs `work` on the session itself, outside any transaction, when it is free. Undefined once the engine has stopped. */
  async exclusively<T>(work: (pglite: PGlite) => Promise<T>): Promise<T | undefined> {
    const refusal = await this.acquire(work);
    if (refusal !== undefined) return undefined;
    try {
      return this.broken === undefined && !this.pglite.closed ? await work(this.pglite) : undefined;
    } finally {
      this.release();
    }
  }

  /** Ends what the connection has open: its transaction is rolled back, its place in the queue is given up. */
  async leave(connection: object): Promise<void> {
    const index = this.queue.findIndex((waiting) => waiting.connection === connection);
    if (index >= 0) this.queue.splice(index, 1)[0]?.giveUp(new Error('the connection was closed'));
    if (this.owner !== connection) return;
    try {
      if (this.broken === undefined && !this.pglite.closed && this.pglite.isInTransaction()) {
        await this.pglite.exec('ROLLBACK');
      }
    } finally {
      if (this.owner === connection) this.release();
    }
  }

  /** Rejects with the reason when the engine has stopped working. */
  check(): void {
    if (this.broken !== undefined) throw this.broken;
    if (this.pglite.closed) throw new Error('PGlite is closed');
  }

  private async execute(messages: readonly Uint8Array[], answer: (bytes: Uint8Array) => void): Promise<void> {
    this.check();
    try {
      await this.pglite.runExclusive(async () => {
        for (const message of messages) {
          await this.pglite.execProtocolRawStream(message, {
            onRawData: answer,
          });
        }
      });
    } catch (error) {
      // Errors of SQL are answers; what is thrown is a trap inside the engine, after which its memory cannot be trusted.
      this.broken = new Error('PGlite stopped working; restart the process to recover from its log', {
        cause: error,
      });
      throw this.broken;
    }
  }

  private acquire(connection: object): Promise<Error | undefined> {
    if (this.owner === undefined) {
      this.owner = connection;
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      const waiting: Waiting = {
        connection,
        begin: () => {
          clearTimeout(timer);
          resolve(undefined);
        },
        giveUp: (error) => {
          clearTimeout(timer);
          resolve(error);
        },
      };
      const timer = setTimeout(() => {
        const index = this.queue.indexOf(waiting);
        if (index >= 0) this.queue.splice(index, 1);
        const seconds = this.waitTimeoutMs / 1_000;
        waiting.giveUp(
          new Error(
            `waited ${seconds} s for another transaction; transactions are serialised on PGlite, so keep them short and use only their own manager`,
          ),
        );
      }, this.waitTimeoutMs);
      timer.unref();
      this.queue.push(waiting);
    });
  }

  private release(): void {
    const next = this.queue.shift();
    this.owner = next?.connection;
    next?.begin();
  }
}

function backendMessage(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function readyForQuery(): Buffer {
  return backendMessage('Z', Buffer.from('I'));
}

/** Error and ReadyForQuery, with the SQLSTATE of a lock that was not available. */
function errorAnswer(error: Error): Buffer {
  const fields = ['SERROR', 'VERROR', 'C55P03', `M${error.message}`].map((field) => `${field}\0`).join('');
  return Buffer.concat([backendMessage('E', Buffer.from(`${fields}\0`)), readyForQuery()]);
}

function greetingOf(serverVersion: string): Buffer {
  const parameters = {
    server_version: serverVersion,
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    TimeZone: 'UTC',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
  };
  return Buffer.concat([
    backendMessage('R', Buffer.from([0, 0, 0, 0])),
    ...Object.entries(parameters).map(([name, value]) =>
      backendMessage('S', Buffer.from(`${name}\0${value}\0`)),
    ),
    backendMessage('K', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])),
    readyForQuery(),
  ]);
}
