import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@headrace/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { loadDeclarations } from './load-declarations.js';

const schema = z.strictObject({
  name: z.string(),
  criteria: z.array(z.strictObject({ metric: z.string(), direction: z.enum(['at-most', 'at-least']) })),
});

function directoryWith(text: string): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'rollout-policies'));
  writeFileSync(join(directory, 'rollout-policies', 'default.yaml'), text);
  return directory;
}

it('loads every document of every file, with a version that comments do not change', () => {
  const one = loadDeclarations('rollout-policies', schema, directoryWith('name: a\ncriteria: []\n'));
  const other = loadDeclarations('rollout-policies', schema, directoryWith('# why\ncriteria: []\nname: a\n'));
  expect(one.map(({ value }) => value.name)).toEqual(['a']);
  expect(other[0]?.version).toBe(one[0]?.version);
});

it('names file, line and the nearest word of every fault', () => {
  const directory = directoryWith(
    'name: a\ncriteria:\n  - metric: error_rate\n    direction: at-msot\n  - metric: 3\n    direction: at-least\n    colour: red\n',
  );
  expect(() => loadDeclarations('rollout-policies', schema, directory)).toThrow(
    /default\.yaml:4:16: criteria\.0\.direction is "at-msot", must be one of at-most, at-least; did you mean "at-most"\?/,
  );
  expect(() => loadDeclarations('rollout-policies', schema, directory)).toThrow(
    /default\.yaml:5:13: criteria\.1\.metric: /,
  );
  expect(() => loadDeclarations('rollout-policies', schema, directory)).toThrow(
    /default\.yaml:7:5: unknown field "criteria\.1\.colour"/,
  );
});

it('places broken YAML', () => {
  expect(() => loadDeclarations('rollout-policies', schema, directoryWith('name: [a\n'))).toThrow(
    /default\.yaml:2:1/,
  );
});

it('does not take a missing directory for no declarations', () => {
  expect(() => loadDeclarations('rollout-policies', schema, '/nowhere')).toThrow(/cannot be read/);
});

it('names the nearest field of the alternative that was chosen, and the nearest alternative', () => {
  const words = z.discriminatedUnion('word', [
    z.strictObject({ word: z.literal('between'), kwargs: z.strictObject({ min_value: z.number() }) }),
    z.strictObject({ word: z.literal('in_set'), kwargs: z.strictObject({ value_set: z.array(z.number()) }) }),
  ]);
  const rules = z.strictObject({ rules: z.array(words).default([]) });
  const directory = directoryWith(
    'rules:\n  - word: betwen\n    kwargs: { min_value: 1 }\n  - word: between\n    kwargs: { min_valeu: 1 }\n',
  );
  expect(() => loadDeclarations('rollout-policies', rules, directory)).toThrow(
    /:2:11: rules\.0\.word is "betwen", must be one of between, in_set; did you mean "between"\?/,
  );
  expect(() => loadDeclarations('rollout-policies', rules, directory)).toThrow(
    /:5:15: unknown field "rules\.1\.kwargs\.min_valeu"; did you mean "min_value"\?/,
  );
});
