import { describe, expect, it } from 'vitest';
import {
  aliasPattern,
  assertModelCanBeDeleted,
  assertModelCanBeRenamed,
  assertVersionCanBeDeleted,
  capitalizeStage,
  findAliasesOf,
  looksLikePath,
  modelNamePattern,
  modelStages,
  resolveAlias,
} from './registered-model.js';

const model = {
  name: 'predictor',
  aliases: [
    { alias: 'champion', version: 2 },
    { alias: 'shadow', version: 3 },
    { alias: 'stable', version: 2 },
  ],
};
const unaliased = { name: 'predictor', aliases: [] };

describe('an alias', () => {
  it('points to one version, and a version may have several', () => {
    expect(resolveAlias(model, 'champion')).toBe(2);
    expect(findAliasesOf(model, 2)).toEqual(['champion', 'stable']);
    expect(findAliasesOf(model, 1)).toEqual([]);
  });

  it('that does not exist is not found', () => {
    expect(() => resolveAlias(model, 'challenger')).toThrow(
      expect.objectContaining({ code: 'REGISTRY_ALIAS_NOT_FOUND', kind: 'not-found' }),
    );
  });

  it('blocks the deletion of its version', () => {
    const version = { modelName: 'predictor', version: 2 };
    expect(() => assertVersionCanBeDeleted(version, ['champion', 'stable'])).toThrow(
      'Version 2 of predictor is in use as champion, stable; move the alias first',
    );
    expect(() => assertVersionCanBeDeleted(version, [])).not.toThrow();
  });

  it('blocks the deletion of its model', () => {
    expect(() => assertModelCanBeDeleted(model)).toThrow(
      'Model predictor has aliases (champion, shadow, stable); delete them first',
    );
    expect(() => assertModelCanBeDeleted(unaliased)).not.toThrow();
  });

  it('blocks the renaming of its model', () => {
    expect(() => assertModelCanBeRenamed(model)).toThrow('delete them before renaming it');
    expect(() => assertModelCanBeRenamed(unaliased)).not.toThrow();
  });

  it.each([
    ['champion', true],
    ['champion-2_b', true],
    ['', false],
    ['a b', false],
    ['a/b', false],
    ['ä', false],
  ])('named %j is allowed: %s', (alias, allowed) => {
    expect(aliasPattern.test(alias)).toBe(allowed);
  });
});

it.each([
  ['predictor', true],
  ['Vorhersage für 8%', true],
  ['v1.2', true],
  ['a/b', false],
  ['a\\b', false],
  ['a:b', false],
  ['a\u0000b', false],
  ['\u202Eevil', false],
  ['..', false],
  ['a%2fb', false],
  ['a%252fb', false],
])('a model may be named %j: %s', (name, allowed) => {
  expect(modelNamePattern.test(name) && !looksLikePath(name)).toBe(allowed);
});

it.each(['production', 'PRODUCTION', 'Production'])('reads the stage %s in any case', (text) => {
  expect(modelStages).toContain(capitalizeStage(text));
});
