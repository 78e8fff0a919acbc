import { Duplex } from 'node:stream';
import { type PgliteEngine } from './pglite-engine.js';

const protocolVersion3 = 196_608;
const sslRequest = 80_877_103;
const cancelRequest = 80_877_102;
/** Frontend messages after which the client waits for an answer: Query, Sync, Flush, FunctionCall. */
const unitEnds = new Set(['Q', 'S', 'H', 'F'].map((letter) => letter.charCodeAt(0)));
const terminate = 'X'.charCodeAt(0);

/**
 * One connection of the `pg` driver to PGlite, inside the process: what a socket would be, without the socket.
 *
 * Frontend messages are handed to the engine in whole units, everything up to a Query or a Sync, because the parts of
 * a statement (parse, bind, execute) share the one unnamed statement that PGlite has for all connections.
 */
export class PgliteStream extends Duplex {
  private received: Buffer = Buffer.alloc(0);
  private unit: Uint8Array[] = [];
  private started = false;
  private hungUp = false;

  constructor(private readonly engine: PgliteEngine) {
    super();
  }

  /** Called by the driver, which takes this for a socket. */
  connect(): this {
    setImmediate(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // Answers are pushed as they come; the driver reads without pausing.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    this.process().then(
      () => done(),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    this.hangUp();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.engine.leave(this).then(
      () => done(error),
      (reason: unknown) => done(error ?? (reason instanceof Error ? reason : new Error(String(reason)))),
    );
  }

  private hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    this.push(null);
  }

  private async process(): Promise<void> {
    if (!this.started && !this.start()) return;
    for (;;) {
      if (this.received.length < 5) return;
      const length = 1 + this.received.readInt32BE(1);
      if (this.received.length < length) return;
      const message = new Uint8Array(this.received.subarray(0, length));
      const kind = this.received.readUInt8(0);
      this.received = this.received.subarray(length);
      if (kind === terminate) {
        await this.engine.leave(this);
        this.hangUp();
        return;
      }
      this.unit.push(message);
      if (!unitEnds.has(kind)) continue;
      const unit = this.unit;
      this.unit = [];
      await this.engine.run(this, unit, (answer) => {
        if (!this.destroyed) this.push(Buffer.from(answer));
      });
    }
  }

  /** Answers the start-up itself: PGlite has one session, and asking it would wait for a running transaction. */
  private start(): boolean {
    while (this.received.length >= 8) {
      const length = this.received.readInt32BE(0);
      const code = this.received.readInt32BE(4);
      if (this.received.length < length) return false;
      this.received = this.received.subarray(length);
      if (code === sslRequest) {
        this.push(Buffer.from('N'));
      } else if (code === cancelRequest) {
        this.hangUp();
        return false;
      } else if (code === protocolVersion3) {
        this.started = true;
        this.push(this.engine.greeting);
        return true;
      } else {
        throw new Error(`PGlite was spoken to in protocol ${String(code)}; only 3.0 is understood`);
      }
    }
    return false;
  }
}
