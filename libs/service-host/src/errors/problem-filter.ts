import { Metadata, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import { describeError, isAppError } from '@headrace/kernel';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { type ServiceLogger } from '../service-logger.js';
import { errorTable } from './error-table.js';
import { toProblemDetails } from './problem-details.js';

/**
 * Translates every error: of an HTTP route to problem+json, of a gRPC method to a status. Event handlers have a filter
 * of their own.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: ServiceLogger) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() !== 'http') return throwError(() => toGrpcStatus(error, this.logger));
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
    return undefined;
  }
}

/** Used by the filter, and by Fastify for errors that occur before a route is reached. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: ServiceLogger,
): void {
  const problem = toProblemDetails(error);
  if (problem.status >= 500) {
    logger.error(
      { method: request.method, route: request.routeOptions.url, status: problem.status, error },
      describeError(error),
    );
  }
  if (reply.raw.writableEnded) return;
  if (reply.sent || reply.raw.headersSent) {
    // Part of the response is sent already. Only a broken connection tells the client that the rest is missing.
    reply.raw.destroy();
    return;
  }
  if (problem.retryAfter !== undefined) void reply.header('retry-after', String(problem.retryAfter));
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify({ ...problem, instance: request.url.slice(0, 512) }));
}

/** The status of a gRPC call; the error's code travels as metadata `error-code`. */
export function toGrpcStatus(error: unknown, logger?: ServiceLogger): Partial<StatusObject> {
  const metadata = new Metadata();
  if (isAppError(error)) {
    metadata.set('error-code', error.code);
    if (error.kind === 'internal') logger?.error({ error }, describeError(error));
    const details = error.kind === 'internal' ? errorTable.internal.title : error.message;
    return { code: errorTable[error.kind].grpcStatus, details, metadata };
  }
  logger?.error({ error }, describeError(error));
  metadata.set('error-code', 'INTERNAL');
  return { code: grpcStatus.INTERNAL, details: errorTable.internal.title, metadata };
}
