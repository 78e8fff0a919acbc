import { AppError } from '@headrace/kernel';
import { type PipeTransform } from '@nestjs/common';
import { type z } from 'zod';
import { type FieldError } from './errors/problem-details.js';

const maxErrors = 20;

/** A body, query or parameter does not match its schema. */
export class InvalidRequestError extends AppError {
  readonly code = 'REQUEST_INVALID';
  readonly kind = 'invalid';
  readonly errors: readonly FieldError[];

  constructor(error: z.ZodError) {
    const errors = error.issues.slice(0, maxErrors).map((issue) => ({
      pointer: issue.path
        .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
        .join(''),
      detail: issue.message,
    }));
    super(
      `The request is not valid: ${errors
        .slice(0, 3)
        .map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer}: ${detail}`))
        .join('; ')}`,
    );
    this.errors = errors;
  }
}

/** A pipe that exposes its schema, so that the OpenAPI document describes what is validated. */
export interface ZodPipe<Schema extends z.ZodType = z.ZodType> extends PipeTransform<
  unknown,
  z.output<Schema>
> {
  readonly schema: Schema;
}

export function isZodPipe(pipe: unknown): pipe is ZodPipe {
  return typeof pipe === 'object' && pipe !== null && 'schema' in pipe && 'transform' in pipe;
}

/** Validates against a schema: `@Body(zod(schema)) body: z.output<typeof schema>`. */
export function zod<Schema extends z.ZodType>(schema: Schema): ZodPipe<Schema> {
  return {
    schema,
    transform(value: unknown) {
      const parsed = schema.safeParse(value);
      if (!parsed.success) throw new InvalidRequestError(parsed.error);
      return parsed.data;
    },
  };
}
