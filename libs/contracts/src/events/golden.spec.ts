import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allEvents } from '../all-events.js';

const folder = join(import.meta.dirname, 'golden');
const sampleOf = (topic: string): string => {
  const parts = topic.split('.');
  const fact = topic === 'headrace.telemetry.v1' ? 'telemetry-reading' : parts[2]!;
  return `${fact}.${parts.at(-1)!}.json`;
};

describe('golden samples', () => {
  it.each(allEvents.map((event) => [sampleOf(event.topic), event] as const))(
    '%s is still parsed, unchanged, by its schema',
    (file, event) => {
      const sample: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      expect(event.payload.parse(sample)).toEqual(sample);
      expect(event.keyOf(event.payload.parse(sample))).not.toBe('');
    },
  );

  it('holds one sample for every event and none for an event that is gone', () => {
    expect(readdirSync(folder).sort()).toEqual(allEvents.map((event) => sampleOf(event.topic)).sort());
  });
});

describe('event definitions', () => {
  it('never share a topic or a type', () => {
    expect(new Set(allEvents.map((event) => event.topic)).size).toBe(allEvents.length);
    expect(new Set(allEvents.map((event) => event.type)).size).toBe(allEvents.length);
  });

  it('name topics headrace.<owner>.<fact>.v<version>, but for the public front door', () => {
    for (const event of allEvents.filter((candidate) => candidate.owner !== 'producers')) {
      expect(event.topic).toMatch(new RegExp(`^headrace\\.${event.owner}\\.[a-z-]+\\.v${event.version}$`));
    }
  });
});
