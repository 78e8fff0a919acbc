import { describeError } from '@headrace/kernel';
import { toProblemDetails, ServiceLogger } from '@headrace/service-host';
import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

/** Maps to the error codes of MLflow's clients; errors without a code of their own follow the status. */
function toErrorCode(code: string, status: number): string {
  if (/^REGISTRY_.*_NOT_FOUND$/.test(code) || code === 'OBJECT_NOT_FOUND') return 'RESOURCE_DOES_NOT_EXIST';
  if (/^REGISTRY_.*_EXISTS$/.test(code)) return 'RESOURCE_ALREADY_EXISTS';
  switch (status) {
    case 404:
      return 'ENDPOINT_NOT_FOUND';
    case 409:
      return 'INVALID_STATE';
    case 413:
      return 'REQUEST_LIMIT_EXCEEDED';
    case 503:
      return 'TEMPORARILY_UNAVAILABLE';
    default:
      return status < 500 ? 'INVALID_PARAMETER_VALUE' : 'INTERNAL_ERROR';
  }
}

export interface MlflowError {
  readonly status: number;
  readonly body: { readonly error_code: string; readonly message: string; readonly code: string };
}

export function toMlflowError(error: unknown): MlflowError {
  const { status, code, detail, title } = toProblemDetails(error);
  return { status, body: { error_code: toErrorCode(code, status), message: detail ?? title, code } };
}

/** Responds with errors in MLflow's format, with the registry's own code beside MLflow's. */
@Catch()
@Injectable()
export class MlflowErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: ServiceLogger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, body } = toMlflowError(error);
    if (status >= 500) this.logger.error({ error, status }, describeError(error));
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.status(status).header('content-type', 'application/json; charset=utf-8').send(body);
  }
}
