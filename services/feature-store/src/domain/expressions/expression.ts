import { AppError } from '@headrace/kernel';

export type ExpressionType = 'number' | 'boolean';

/**
 * A parsed expression. Operators are calls too (`+`, `and`, `negate`, `if`), so that one table defines every
 * name (`expression-functions.ts`). `at` is the place in the text, from 0.
 */
export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly at: number;
    };

/** Longer texts and deeper trees are rejected, so that the stack and the SQL stay small. */
export const maxCharacters = 4_096;
export const maxNesting = 64;

/** The text is not a valid expression. */
export class ExpressionError extends AppError {
  readonly code = 'FEATURE_STORE_EXPRESSION_INVALID';
  readonly kind = 'invalid';

  /** `at` counts from 0; people count from 1. */
  constructor(
    readonly text: string,
    readonly at: number,
    readonly reason: string,
  ) {
    super(`${reason}, at character ${at + 1} of "${truncate(text)}"`);
  }
}

function truncate(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
