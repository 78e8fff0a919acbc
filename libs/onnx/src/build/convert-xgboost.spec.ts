import { describe, expect, it } from 'vitest';
import { checkModel } from '../admission/check-model.js';
import { readXgboost, readXgboostHeader } from '../xgboost/read-xgboost.js';
import { readGoldenBoosters } from '../testing/golden-boosters.js';
import { convertXgboost } from './convert-xgboost.js';

const goldens = readGoldenBoosters();
const binary = goldens.find(({ name, ubj }) => name.endsWith('binary:logistic') && ubj !== undefined)!;
const classes = goldens.find(({ name }) => name.includes('multi:'))!;
const names = ['a', 'b', 'c', 'd', 'e'];

function named(model: object): object {
  const copy = structuredClone(model) as { learner: Record<string, unknown> };
  copy.learner['feature_names'] = names;
  return copy;
}

describe('convertXgboost', () => {
  it('takes the names that the booster was trained with, or numbers the columns', () => {
    expect(checkModel(convertXgboost(named(binary.model))).featureNames).toEqual(names);
    expect(checkModel(convertXgboost(binary.model)).featureNames).toEqual(['f0', 'f1', 'f2', 'f3', 'f4']);
    const model = checkModel(
      convertXgboost(named(binary.model), { featureNames: ['v', 'w', 'x', 'y', 'z'] }),
    );
    expect(model.featureNames).toEqual(['v', 'w', 'x', 'y', 'z']);
  });

  it('answers the same from JSON, from text and from UBJ', () => {
    const { trees } = checkModel(convertXgboost(binary.model));
    expect(trees).toEqual(readXgboost(binary.model, ['f0', 'f1', 'f2', 'f3', 'f4']));
    const text = JSON.stringify(binary.model);
    expect(convertXgboost(text)).toEqual(convertXgboost(JSON.parse(text) as object));
    expect(checkModel(convertXgboost(binary.ubj!)).trees).toEqual(trees);
  });

  it('gives every class an output, and adds those that are positive', () => {
    const file = convertXgboost(classes.model, {
      classNames: ['low', 'usual', 'high'],
      positive: ['low', 'high'],
      metadata: { trainingSetDigest: 'sha256:00' },
    });
    const model = checkModel(file);
    expect(model.metadata).toMatchObject({ trainingSetDigest: 'sha256:00' });
    expect(model.classes?.outputs).toEqual([
      { name: 'probability', classes: [0, 2] },
      { name: 'xgboost', classes: [0, 2] },
      { name: 'xgboost.low', classes: [0] },
      { name: 'xgboost.usual', classes: [1] },
      { name: 'xgboost.high', classes: [2] },
    ]);
    const numbered = checkModel(convertXgboost(classes.model, { positive: ['2'] }));
    expect(numbered.outputs.map(({ name }) => name)).toEqual([
      'probability',
      'xgboost',
      'xgboost.0',
      'xgboost.1',
      'xgboost.2',
    ]);
  });

  it.each([
    ['classes, none of them positive', classes.model, {}, /classes 0, 1, 2, and none is positive/],
    ['a class that is not there', classes.model, { positive: ['3'] }, /no class "3"; it has 0, 1, 2/],
    [
      'two names for three classes',
      classes.model,
      { classNames: ['a', 'b'], positive: ['a'] },
      /3 classes and 2 names/,
    ],
    ['classes of a booster without', binary.model, { positive: ['1'] }, /binary:logistic has no classes/],
    ['too few columns', binary.model, { featureNames: ['a'] }, /5 features and 1 names/],
  ])('refuses %s with its reason', (_, model, options, reason) => {
    expect(() => convertXgboost(model, options)).toThrow(reason);
  });

  it('reads the header of a booster', () => {
    expect(readXgboostHeader(named(classes.model))).toEqual({
      objective: 'multi:softprob',
      classes: 3,
      featureNames: names,
    });
  });
});
