import { type Closeable } from '@headrace/kernel';

export interface ScheduledWork {
  /** Runs it now, or once more when it is running: what was asked for after it began is not missed. */
  trigger(): void;
}

/** Does things again and again; tests turn it by hand. */
export abstract class Scheduler implements Closeable {
  /** Runs `work` every `everyMs`, never twice at the same time, until the scheduler is closed. */
  abstract every(name: string, everyMs: number, work: () => Promise<void>): ScheduledWork;
  /** Begins nothing more and waits for what is running. */
  abstract close(): Promise<void>;
}
