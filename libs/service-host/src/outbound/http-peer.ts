import { AppError, type ErrorKind } from '@headrace/kernel';
import { SpanKind } from '@opentelemetry/api';
import { type z } from 'zod';
import { toErrorKind } from '../errors/error-table.js';
import { inSpan, outgoingHeaders } from '../observability/tracing.js';
import { type Breaker, type BreakerOptions, type Breakers } from './breakers.js';

/** The other service could not be reached. */
export class PeerUnreachableError extends AppError {
  readonly code = 'PEER_UNREACHABLE';
  readonly kind = 'unavailable';

  constructor(
    readonly peer: string,
    readonly url: string,
    cause: unknown,
  ) {
    super(`${peer} cannot be reached at ${url}`, { cause });
  }
}

/** The other service answered with an error. The kind is taken from its status, so that its 404 is a 404 here. */
export class PeerRefusedError extends AppError {
  readonly code = 'PEER_REFUSED';
  readonly kind: ErrorKind;

  constructor(
    readonly peer: string,
    readonly status: number,
    /** `code` of its problem details. */
    readonly peerCode: string | undefined,
    detail: string,
  ) {
    super(`${peer} answered ${status}: ${detail}`);
    this.kind = toErrorKind(status);
  }
}

/** The response does not match the contract. */
export class PeerAnswerInvalidError extends AppError {
  readonly code = 'PEER_ANSWER_INVALID';
  readonly kind = 'internal';

  constructor(
    readonly peer: string,
    path: string,
    cause: unknown,
  ) {
    super(`The response of ${peer} to ${path} does not match its schema`, { cause });
  }
}

export interface PeerRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with a slash; may have a query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PeerOptions {
  /** Name of the other service: in errors, metrics and traces. */
  readonly name: string;
  readonly baseUrl: string;
  readonly breakers: Breakers;
  readonly breaker?: BreakerOptions;
  /** Maximum size of a response. Default 16 MiB. */
  readonly answerLimitBytes?: number;
}

/** Calls another service over HTTP, through a breaker with a timeout, and propagates the trace. */
export class HttpPeer {
  readonly name: string;
  private readonly baseUrl: string;
  private readonly limitBytes: number;
  private readonly breaker: Breaker<[PeerRequest], unknown>;

  constructor({ name, baseUrl, breakers, breaker, answerLimitBytes }: PeerOptions) {
    this.name = name;
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.limitBytes = answerLimitBytes ?? 16 * 1024 * 1024;
    this.breaker = breakers.create(name, (signal, request: PeerRequest) => this.fetch(signal, request), {
      isHealthy: (error) => error instanceof PeerRefusedError && error.status < 500 && error.status !== 429,
      ...breaker,
    });
  }

  get<Schema extends z.ZodType>(path: string, answer: Schema): Promise<z.output<Schema>> {
    return this.request({ method: 'GET', path }, answer);
  }

  post<Schema extends z.ZodType>(path: string, body: unknown, answer: Schema): Promise<z.output<Schema>> {
    return this.request({ method: 'POST', path, body }, answer);
  }

  /** Resolves to the response, validated against the schema `answer`. */
  async request<Schema extends z.ZodType>(request: PeerRequest, answer: Schema): Promise<z.output<Schema>> {
    const value = await inSpan(
      `${request.method} ${this.name}`,
      { 'http.request.method': request.method, 'server.address': this.baseUrl, 'peer.service': this.name },
      () => this.breaker.call(request),
      SpanKind.CLIENT,
    );
    const parsed = answer.safeParse(value);
    if (!parsed.success) throw new PeerAnswerInvalidError(this.name, request.path, parsed.error);
    return parsed.data;
  }

  private async fetch(signal: AbortSignal, { method, path, body, headers }: PeerRequest): Promise<unknown> {
    const url = `${this.baseUrl}${path}`;
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        method,
        signal,
        // A redirect would leave the configured peer.
        redirect: 'error',
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...outgoingHeaders(),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.status;
      text = await this.readText(response);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new PeerUnreachableError(this.name, url, error);
    }
    const value = parseJson(text);
    if (status >= 200 && status < 300) return value;
    const problem = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    const detail = [problem['detail'], problem['message'], problem['title']].find(
      (part) => typeof part === 'string',
    );
    const code = problem['code'];
    throw new PeerRefusedError(
      this.name,
      status,
      typeof code === 'string' ? code : undefined,
      detail ?? text.slice(0, 200),
    );
  }

  private async readText(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > this.limitBytes) {
        throw new PeerRefusedError(
          this.name,
          response.status,
          undefined,
          `the response is larger than ${this.limitBytes} bytes`,
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

/** Returns undefined for an empty response, and the text itself when it is not JSON. */
function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy in between may answer with plain text.
    return text;
  }
}
