import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allEvents } from '../all-events.js';

const folder = join(import.meta.dirname, 'golden');
const sampleOf = (topic: string): string => {
  const parts = topic.split('.');
  const event = topic === 'headrace.telemetry.v1' ? 'telemetry-reading' : parts[2]!;
  return `${event}.${parts.at(-1)!}.json`;
};

/** Fields added to a version later have a sample of their own: `trial-completed.v1.2.json`. */
const isSampleOf = (file: string, topic: string): boolean =>
  file.replace(/\.\d+\.json$/, '.json') === sampleOf(topic);

describe('golden samples', () => {
  const samples = readdirSync(folder).sort();

  it.each(samples.map((file) => [file, allEvents.find((event) => isSampleOf(file, event.topic))] as const))(
    '%s is parsed by the schema of a current event without a change',
    (file, event) => {
      const sample: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      expect(event?.payload.parse(sample)).toEqual(sample);
      expect(event?.keyOf(event.payload.parse(sample))).not.toBe('');
    },
  );

  it('exist for every event', () => {
    expect(samples).toEqual(expect.arrayContaining(allEvents.map((event) => sampleOf(event.topic))));
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
