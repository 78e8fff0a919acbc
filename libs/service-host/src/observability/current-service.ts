import { AsyncLocalStorage } from 'node:async_hooks';
import { type LoggerService } from '@nestjs/common';
import { type ServiceLogger } from '../service-logger.js';

/** The service that the running code works for. Several services may share a process. */
export interface CurrentService {
  readonly name: string;
  readonly logger: ServiceLogger;
}

export const currentService = new AsyncLocalStorage<CurrentService>();

/**
 * Nest has one logger for the whole process, the one that was set last. This one passes each entry to the logger of the
 * current service.
 */
export class NestLogRouter implements LoggerService {
  log(message: unknown, ...rest: unknown[]): void {
    // Nest logs every route and module it finds.
    this.write('debug', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  private write(level: 'debug' | 'warn' | 'error', message: unknown, rest: readonly unknown[]): void {
    const logger = currentService.getStore()?.logger;
    if (logger === undefined) return;
    const context = rest.findLast((part) => typeof part === 'string');
    const error = message instanceof Error ? message : rest.find((part) => part instanceof Error);
    const text = message instanceof Error ? message.message : String(message);
    logger[level]({ context, ...(error === undefined ? {} : { error }) }, text);
  }
}
