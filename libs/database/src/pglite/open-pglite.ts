import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Duplex } from 'node:stream';
import { PGlite } from '@electric-sql/pglite';
import { checkFormatNumber, DirectoryInUseError, holdDirectory } from '@headrace/embedded-storage';
import { AppError, type Closeable } from '@headrace/kernel';
import { DatabaseTooNewError, DatabaseUnavailableError } from '../database-errors.js';
import { PgliteEngine } from './pglite-engine.js';
import { PgliteStream } from './pglite-stream.js';
import { maintain } from './maintain.js';

/** The files could not be opened, for a reason other than being held or being too new. */
export class PgliteOpenError extends AppError {
  readonly code = 'DATABASE_DIRECTORY_UNREADABLE';
  readonly kind = 'internal';
}

/** What we keep beside PGlite's own files, to know who wrote them. */
interface DirectoryFormat {
  readonly format: number;
  readonly postgresMajor: number;
}

export interface OpenPgliteOptions {
  /** Milliseconds between two rounds of vacuum and checkpoint, each of what is due. Default 15 s. */
  readonly maintainEveryMs?: number;
  /** A round failed; the next one tries again. */
  readonly onMaintenanceError?: (error: unknown) => void;
}

const newestFormat = 1;
const postgresMajor = 18;
/** One session serves everybody, and the system caches the files: PostgreSQL's 128 MB of buffers would be a second copy. */
const startParameters = [
  'shared_buffers=16MB',
  'wal_buffers=1MB',
  'max_connections=10',
  // Two segments of 16 MB are kept for reuse; the default keeps up to 1 GB.
  'min_wal_size=32MB',
  'max_wal_size=64MB',
].flatMap((setting) => ['-c', setting]);

const openDirectories = new Map<string, PgliteServer>();

/** PGlite as the services see it: connections of the `pg` driver to one engine, and leases within the process. */
export class PgliteServer implements Closeable {
  private readonly leases = new Set<string>();
  private readonly streams = new Set<PgliteStream>();
  private readonly maintenanceTimer: NodeJS.Timeout;
  private maintaining: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    readonly directory: string,
    private readonly pglite: PGlite,
    private readonly engine: PgliteEngine,
    private readonly release: () => void,
    private readonly options: OpenPgliteOptions,
  ) {
    this.maintenanceTimer = setInterval(() => {
      this.maintaining ??= this.runMaintenance().finally(() => (this.maintaining = undefined));
    }, options.maintainEveryMs ?? 15_000);
    this.maintenanceTimer.unref();
  }

  /** A connection for the `stream` option of `pg`. */
  connect(): Duplex {
    const stream = new PgliteStream(this.engine);
    this.streams.add(stream);
    stream.once('close', () => this.streams.delete(stream));
    return stream;
  }

  /**
   * Takes a lease, or answers undefined when it is taken. No other process can be on this directory, so the process
   * decides alone, and the lease ends with it.
   */
  tryLease(name: string): (() => void) | undefined {
    if (this.leases.has(name)) return undefined;
    this.leases.add(name);
    return () => {
      this.leases.delete(name);
    };
  }

  check(): Promise<void> {
    try {
      if (this.closing !== undefined) throw new Error('it was closed');
      this.engine.check();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(new DatabaseUnavailableError(this.directory, error));
    }
  }

  /** Waits for nobody: services close their databases first. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async runMaintenance(): Promise<void> {
    try {
      await this.engine.exclusively(maintain);
    } catch (error) {
      this.options.onMaintenanceError?.(error);
    }
  }

  private async shutDown(): Promise<void> {
    clearInterval(this.maintenanceTimer);
    for (const stream of this.streams) stream.destroy();
    // After the connections: a round that waits for a transaction would otherwise hold the end up until its timeout.
    await this.maintaining;
    try {
      if (!this.pglite.closed) await this.pglite.close();
    } finally {
      openDirectories.delete(this.directory);
      this.release();
    }
  }
}

/**
 * Opens the PGlite of this process: PostgreSQL compiled to WebAssembly on files of one directory. One process, one
 * machine, one session: transactions of all services run one after another. Commits survive `kill -9` of the process
 * (they are in the write-ahead log, in the page cache); it does not call fsync, so a power cut may cost the last ones.
 */
export async function openPglite(directory: string, options: OpenPgliteOptions = {}): Promise<PgliteServer> {
  const path = resolve(directory);
  const already = openDirectories.get(path);
  if (already !== undefined) {
    throw new PgliteOpenError(`PGlite is open on ${path} in this process; pass the same PgliteServer on`);
  }
  const release = holdDirectory(
    path,
    (holder) => new DirectoryInUseError('DATABASE_DIRECTORY_IN_USE', path, holder),
  );
  try {
    checkFormat(path);
    const pglite = await PGlite.create(join(path, 'data'), {
      startParams: [...PGlite.defaultStartParams, ...startParameters],
    });
    const { rows } = await pglite.query<{ server_version: string }>('SHOW server_version');
    const server = new PgliteServer(
      path,
      pglite,
      new PgliteEngine(pglite, rows[0]?.server_version ?? 'unknown'),
      release,
      options,
    );
    openDirectories.set(path, server);
    return server;
  } catch (error) {
    release();
    if (error instanceof AppError) throw error;
    throw new PgliteOpenError(
      `PGlite cannot open ${path}; its files may be damaged: restore a backup, or move the directory away to begin anew`,
      { cause: error },
    );
  }
}

/** PGlite's own PG_VERSION is believed over our file, which it may have outlived. */
function checkFormat(path: string): void {
  const version = readPostgresMajor(join(path, 'data'));
  const file = join(path, 'format.json');
  const current: DirectoryFormat = { format: newestFormat, postgresMajor: version ?? postgresMajor };
  const damaged = () =>
    new PgliteOpenError(
      `${file} is damaged: it should be ${JSON.stringify(current)}; restore a backup, or move ${path} away to begin anew`,
    );
  const tooNew = (mark: { readonly format?: unknown; readonly postgresMajor?: unknown }) =>
    new DatabaseTooNewError(
      `The data directory ${path} was written by a newer release (format ${String(mark.format)}, PostgreSQL ${String(version ?? mark.postgresMajor)}; this one knows ${newestFormat} and ${postgresMajor}); start the newer release, or use another HEADRACE_DATA_DIR`,
    );
  const mark = checkFormatNumber(file, current, { damaged, tooNew });
  const major = version ?? mark.postgresMajor;
  if (typeof major !== 'number') throw damaged();
  if (major > postgresMajor) throw tooNew(mark);
  if (major < postgresMajor) {
    throw new PgliteOpenError(
      `The data directory ${path} holds PostgreSQL ${major} files and this release reads ${postgresMajor}; export them with the release that wrote them`,
    );
  }
}

function readPostgresMajor(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
