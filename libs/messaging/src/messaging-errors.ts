import { AppError } from '@headrace/kernel';

/** The log cannot be reached now. */
export class MessagingUnavailableError extends AppError {
  readonly code = 'MESSAGING_UNAVAILABLE';
  readonly kind = 'unavailable';

  constructor(what: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
  }
}

/** More waits to be appended than the buffer holds: the producer is faster than the log. */
export class MessagingBufferFullError extends AppError {
  readonly code = 'MESSAGING_BUFFER_FULL';
  readonly kind = 'overloaded';

  constructor(
    readonly bufferedBytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `The append buffer holds ${bufferedBytes} of at most ${limitBytes} bytes and cannot take more; ` +
        'slow down and try again',
    );
  }
}

export class MessagingClosedError extends AppError {
  readonly code = 'MESSAGING_CLOSED';
  readonly kind = 'unavailable';

  constructor(what: string) {
    super(`${what} is closed`);
  }
}

export class TopicUnknownError extends AppError {
  readonly code = 'MESSAGING_TOPIC_UNKNOWN';
  readonly kind = 'not-found';

  constructor(readonly topic: string) {
    super(`Topic ${topic} does not exist; provision it first`);
  }
}

/** What Kafka's `message.max.bytes` allows by default, less the frame around the record. */
export const maxRecordBytes = 1_000_000;

export class RecordTooLargeError extends AppError {
  readonly code = 'MESSAGING_RECORD_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(
    readonly topic: string,
    readonly bytes: number,
  ) {
    super(
      `A record of ${bytes} bytes for ${topic} is larger than the ${maxRecordBytes} bytes that a topic takes`,
    );
  }
}

/** A record that the log would never take, whatever its state. */
export class InvalidRecordError extends AppError {
  readonly code = 'MESSAGING_RECORD_INVALID';
  readonly kind = 'invalid';
}

/** A consumer's partition was taken away or the consumer is closing; what is not resolved is delivered again. */
export class PartitionRevokedError extends AppError {
  readonly code = 'MESSAGING_PARTITION_REVOKED';
  readonly kind = 'unavailable';

  constructor(topic: string, partition: number) {
    super(`Partition ${partition} of ${topic} is no longer held by this member`);
  }
}
