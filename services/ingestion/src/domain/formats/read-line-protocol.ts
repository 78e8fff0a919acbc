import { type IncomingReading } from '../reading/reading.js';

export type Precision = 'ns' | 'us' | 'ms' | 's';

export interface ReadLineProtocol {
  readonly readings: readonly IncomingReading[];
  readonly faults: readonly { readonly line: number; readonly message: string }[];
}

const divisors: Readonly<Record<Precision, number>> = { ns: 1e6, us: 1e3, ms: 1, s: 1e-3 };

/** Our names of well-known fields of Telegraf. */
const columns: Readonly<Record<string, (value: number) => readonly [string, number]>> = {
  'cpu.usage_idle': (value) => ['cpu_usage', 100 - value],
  'mem.used_percent': (value) => ['memory_usage', value],
};

/**
 * InfluxDB line protocol. Tag `system_id`, else `host`, names the system; numeric fields are columns, text and boolean
 * fields are ignored. Lines of the same system and time become one reading, because agents send one line per
 * measurement.
 */
export function readLineProtocol(text: string, precision: Precision, now: Date): ReadLineProtocol {
  const merged = new Map<string, Record<string, unknown>>();
  const faults: { line: number; message: string }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const parts = splitLine(line);
    if (parts === undefined) {
      faults.push({ line: index + 1, message: 'is not "measurement,tag=value field=value timestamp"' });
      continue;
    }
    // Only the total of all processors describes the system.
    if (parts.measurement === 'cpu' && parts.tags['cpu'] !== undefined && parts.tags['cpu'] !== 'cpu-total') {
      continue;
    }
    const systemId = parts.tags['system_id'] ?? parts.tags['host'];
    const time = parts.time === undefined ? now : new Date(Number(parts.time) / divisors[precision]);
    if (systemId === undefined || Number.isNaN(time.getTime())) {
      const message =
        systemId === undefined
          ? 'has neither tag system_id nor host'
          : `has the timestamp ${parts.time ?? ''}`;
      faults.push({ line: index + 1, message });
      continue;
    }
    const key = JSON.stringify([systemId, time.getTime()]);
    const reading = merged.get(key) ?? {
      system_id: systemId,
      timestamp: time.toISOString(),
      source: 'line-protocol',
    };
    for (const [name, value] of parseNumbers(parts.fields)) {
      const [column, converted] = columns[`${parts.measurement}.${name}`]?.(value) ?? [name, value];
      reading[column] = converted;
    }
    merged.set(key, reading);
  }
  return { readings: [...merged.values()].map((content) => ({ content })), faults };
}

interface Line {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: readonly (readonly [string, string])[];
  readonly time: string | undefined;
}

function splitLine(line: string): Line | undefined {
  const [head, fieldText, time, ...rest] = splitOutside(line, ' ');
  if (head === undefined || fieldText === undefined || rest.length > 0) return undefined;
  if (time !== undefined && !/^-?\d+$/.test(time)) return undefined;
  const [measurement = '', ...tagTexts] = splitOutside(head, ',');
  const tags = tagTexts.map((text) => splitPair(text));
  const fields = splitOutside(fieldText, ',').map((text) => splitPair(text));
  if (measurement === '' || [...tags, ...fields].some((pair) => pair === undefined)) return undefined;
  return {
    measurement: unescape(measurement),
    tags: Object.fromEntries(
      tags.flatMap((pair) => (pair === undefined ? [] : [[pair[0], unescape(pair[1])]])),
    ),
    fields: fields.flatMap((pair) => (pair === undefined ? [] : [pair])),
    time,
  };
}

function splitPair(text: string): readonly [string, string] | undefined {
  const [name, ...value] = splitOutside(text, '=');
  return name === undefined || name === '' || value.length === 0
    ? undefined
    : [unescape(name), value.join('=')];
}

/** Splits at a character that is neither escaped nor inside quotes. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && at + 1 < text.length) {
      part += character + text.charAt((at += 1));
    } else if (character === separator && !quoted) {
      parts.push(part);
      part = '';
    } else {
      if (character === '"') quoted = !quoted;
      part += character;
    }
  }
  parts.push(part);
  return parts.filter((each, index) => each !== '' || (separator !== ' ' && index < parts.length));
}

function unescape(text: string): string {
  return text.replaceAll(/\\([,= "\\])/g, '$1');
}

function parseNumbers(fields: Line['fields']): readonly (readonly [string, number])[] {
  return fields.flatMap(([name, text]) => {
    const digits = /^[-+]?\d+[iu]$/.test(text) ? text.slice(0, -1) : text;
    return digits.startsWith('"') || digits === '' || Number.isNaN(Number(digits))
      ? []
      : [[name, Number(digits)] as const];
  });
}
