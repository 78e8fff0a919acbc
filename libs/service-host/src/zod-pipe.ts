import { AppError } from '@headrace/kernel';
import { type PipeTransform } from '@nestjs/common';
import { type z } from 'zod';
import { type FieldError } from './errors/problem-details.js';

const mostErrors = 20;

/** A body, query or parameter does not fit its schema. */
export class InvalidRequestError extends AppError {
  readonly code = 'REQUEST_INVALID';
  readonly kind = 'invalid';
  readonly errors: readonly FieldError[];

  constructor(error: z.ZodError) {
    const errors = error.issues.slice(0, mostErrors).map((issue) => ({
      pointer: issue.path
        .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
        .join(''),
      detail: issue.message,
    }));
    super(
      `The request does not fit: ${errors
        .slice(0, 3)
        .map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer}: ${detail}`))
        .join('; ')}`,
    );
    this.errors = errors;
  }
}

/** Validates by a schema: `@Body(zod(schema)) body: z.output<typeof schema>`. */
export function zod<Schema extends z.ZodType>(schema: Schema): PipeTransform<unknown, z.output<Schema>> {
  return {
    transform(value) {
      const parsed = schema.safeParse(value);
      if (!parsed.success) throw new InvalidRequestError(parsed.error);
      return parsed.data;
    },
  };
}
