import { trace } from '@opentelemetry/api';
import { destination, pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { type HostConfig } from '../service-options.js';
import { ServiceLogger } from '../service-logger.js';
import { redact } from './redact.js';

type Fields = Readonly<Record<string, unknown>>;

/** Writes one line for each entry to standard output, with the name of the service and the current trace. */
export class PinoServiceLogger extends ServiceLogger {
  private readonly pino: Logger;

  constructor(name: string, config: Pick<HostConfig, 'logLevel' | 'logFormat'>, stream?: DestinationStream) {
    super();
    this.pino = pino(
      {
        name,
        level: config.logLevel,
        base: { name },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: {
          level: (label) => ({ level: label }),
          log: (fields) => redact(fields) as Record<string, unknown>,
        },
        mixin: () => {
          const span = trace.getActiveSpan()?.spanContext();
          return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
        },
      },
      // Synchronous, so that the last entries before an exit are not lost in a buffer.
      stream ??
        (config.logFormat === 'pretty'
          ? pretty({ sync: true, ignore: 'pid,hostname' })
          : destination({ fd: 1, sync: true })),
    );
  }

  debug(fields: Fields, message: string): void {
    this.pino.debug(fields, String(redact(message)));
  }

  info(fields: Fields, message: string): void {
    this.pino.info(fields, String(redact(message)));
  }

  warn(fields: Fields, message: string): void {
    this.pino.warn(fields, String(redact(message)));
  }

  error(fields: Fields, message: string): void {
    this.pino.error(fields, String(redact(message)));
  }
}
