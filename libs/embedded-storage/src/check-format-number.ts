import { markFormat } from './mark-format.js';

/**
 * Checks a mark with a `format` number, and writes it where there is none. Formats older than the current one are
 * accepted.
 */
export function checkFormatNumber<T extends { readonly format: number }>(
  file: string,
  current: T,
  errors: {
    readonly damaged: () => Error;
    readonly tooNew: (mark: Partial<Record<keyof T, unknown>> & { format: number }) => Error;
  },
): Partial<Record<keyof T, unknown>> {
  const mark = markFormat<T>(file, current, () => undefined);
  if (mark === undefined || typeof mark.format !== 'number') throw errors.damaged();
  if (mark.format > current.format) throw errors.tooNew({ ...mark, format: mark.format });
  return mark;
}
