import { AppError } from '@headrace/kernel';

export class MetricsStoreUnavailableError extends AppError {
  readonly code = 'METRICS_STORE_UNAVAILABLE';
  readonly kind = 'unavailable';
}

/** The store answered, and refused for good: no permission, no such organisation, a field of another type. */
export class MetricsStoreRefusedError extends AppError {
  readonly code = 'METRICS_STORE_REFUSED';
  readonly kind = 'internal';
}

export class InvalidMetricQueryError extends AppError {
  readonly code = 'METRICS_QUERY_INVALID';
  readonly kind = 'invalid';
}

export class MetricsStoreClosedError extends AppError {
  readonly code = 'METRICS_STORE_CLOSED';
  readonly kind = 'internal';

  constructor() {
    super('The metrics store is closed');
  }
}

export class MetricsStoreCorruptError extends AppError {
  readonly code = 'METRICS_STORE_DATA_CORRUPT';
  readonly kind = 'internal';
}

export class MetricsStoreFormatUnsupportedError extends AppError {
  readonly code = 'METRICS_STORE_DATA_FORMAT_UNSUPPORTED';
  readonly kind = 'unsupported';
}

export class MetricsStoreInUseError extends AppError {
  readonly code = 'METRICS_STORE_DATA_IN_USE';
  readonly kind = 'conflict';
}

export class MetricsStoreDriverUnknownError extends AppError {
  readonly code = 'METRICS_STORE_DRIVER_UNKNOWN';
  readonly kind = 'invalid';

  constructor(readonly driver: string) {
    super(`Metrics store driver ${JSON.stringify(driver)} does not exist; use embedded or influx`);
  }
}
