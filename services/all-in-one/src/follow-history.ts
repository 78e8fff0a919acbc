import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

const answerSchema = z.object({
  sources: z.array(
    z.object({ name: z.string(), readings: z.number(), historyReadings: z.number().optional() }),
  ),
});
const everyMs = 3_000;
const number = new Intl.NumberFormat('en');

/** Tells how much of the past of the sources is in, until all of it is; says nothing when there is none. */
export async function followHistory(
  url: string,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let told = -1; ;) {
    const { sources } = answerSchema.parse(await (await fetch(url, { signal })).json());
    const total = sources.reduce((sum, source) => sum + (source.historyReadings ?? 0), 0);
    const done = sources.reduce(
      (sum, source) => sum + Math.min(source.readings, source.historyReadings ?? 0),
      0,
    );
    const known = sources.every((source) => source.historyReadings !== undefined);
    if (known && done !== told && total > 0) {
      tell(`History: ${number.format(done)} of ${number.format(total)} readings are in`);
    }
    told = done;
    if (known && done >= total) return;
    await pause(everyMs, undefined, { signal });
  }
}
