import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

const answerSchema = z.object({
  sources: z.array(
    z.object({ name: z.string(), readings: z.number(), historyReadings: z.number().optional() }),
  ),
});
const everyMs = 3_000;
const number = new Intl.NumberFormat('en');

/** Reports how much of the sources' history has been ingested, until all of it is. Without history it reports nothing. */
export async function followHistory(
  url: string,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let lastReported = -1; ;) {
    const { sources } = answerSchema.parse(await (await fetch(url, { signal })).json());
    const total = sources.reduce((sum, source) => sum + (source.historyReadings ?? 0), 0);
    const done = sources.reduce(
      (sum, source) => sum + Math.min(source.readings, source.historyReadings ?? 0),
      0,
    );
    const isComplete = sources.every((source) => source.historyReadings !== undefined);
    if (isComplete && done !== lastReported && total > 0) {
      report(`History: ${number.format(done)} of ${number.format(total)} readings are in`);
    }
    lastReported = done;
    if (isComplete && done >= total) return;
    await pause(everyMs, undefined, { signal });
  }
}
