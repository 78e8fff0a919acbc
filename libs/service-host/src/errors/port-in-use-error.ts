import { AppError } from '@headrace/kernel';

/** Another process listens on a port of this service. */
export class PortInUseError extends AppError {
  readonly code = 'HOST_PORT_IN_USE';
  readonly kind = 'conflict';

  constructor(
    readonly port: number,
    readonly variable: string,
    service: string,
    cause: unknown,
  ) {
    super(
      `Port ${port} of ${service} is in use; stop the process that listens there, or set ${variable} to another port`,
      {
        cause,
      },
    );
  }
}

/** Whether listening failed because another socket is bound to the address. */
export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
