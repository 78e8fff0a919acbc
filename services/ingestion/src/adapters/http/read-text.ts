import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError } from '@headrace/kernel';
import { UnreadableBodyError } from '../../domain/formats/read-body.js';

const inflate = promisify(gunzip);

export class EncodingUnsupportedError extends AppError {
  readonly code = 'INGESTION_ENCODING_UNSUPPORTED';
  readonly kind = 'unsupported';
}

export class InflatedBodyTooLargeError extends AppError {
  readonly code = 'INGESTION_BODY_TOO_LARGE';
  readonly kind = 'too-large';
}

/** The text of a body. A compressed one is inflated up to the limit and no further. */
export async function readText(
  body: unknown,
  encoding: string | undefined,
  limitBytes: number,
): Promise<string> {
  const sent = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  if (encoding !== undefined && encoding !== 'identity' && encoding !== 'gzip') {
    throw new EncodingUnsupportedError(
      `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported; use gzip or none`,
    );
  }
  const bytes = encoding === 'gzip' ? await inflateBody(sent, limitBytes) : sent;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UnreadableBodyError('The body is not UTF-8', { cause: error });
  }
}

async function inflateBody(sent: Buffer, limitBytes: number): Promise<Buffer> {
  try {
    return await inflate(sent, { maxOutputLength: limitBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new InflatedBodyTooLargeError(`The body inflates to more than ${limitBytes} bytes`, {
        cause: error,
      });
    }
    throw new UnreadableBodyError('The body is not gzip, as its Content-Encoding says', { cause: error });
  }
}
