import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDeclarations, parseDeclaration } from '@headrace/service-host';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { firstTrialValues, searchPlan, trialParameters } from './search-plan.js';
import { trainingPlan, type TrainingPlan } from './training-plan.js';
import { xgboostParameters } from './xgboost-parameters.js';

function load(search: string, parameters = '{ eval_metric: [logloss], max_depth: 6 }'): TrainingPlan {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'training-plans'));
  writeFileSync(
    join(directory, 'training-plans', 'plan.yaml'),
    `modelName: m
view: v
label: l
parameters: ${parameters}
validation: { criteria: [{ metric: roc_auc, direction: at-least, threshold: 0.7 }] }
search:
  trials: 5
${search}`,
  );
  const [declared] = loadDeclarations('training-plans', trainingPlan, directory);
  return declared!.value;
}

const depth = '  space: { max_depth: { kind: int, low: 3, high: 9 } }';

describe('the search of a plan', () => {
  it('has defaults for all but the trials and the space', () => {
    expect(load(depth).search).toMatchObject({
      trials: 5,
      seed: 42,
      startupTrials: 10,
      pruner: { kind: 'none' },
    });
  });

  it.each([
    [
      'a name that XGBoost does not know',
      '  space: { max_dept: { kind: int, low: 3, high: 9 } }',
      /plan\.yaml:8:12: unknown field "search\.space\.max_dept"; did you mean "max_depth"\?/,
    ],
    [
      'what would make scores incomparable',
      '  space: { objective: { kind: categorical, choices: [a] } }',
      /unknown field "search\.space\.objective"/,
    ],
    [
      'an empty range',
      '  space: { max_depth: { kind: int, low: 9, high: 3 } }',
      /plan\.yaml:8:23: search\.space\.max_depth: Parameter "max_depth" goes from 9 down to 3/,
    ],
    ['an empty space', '  space: {}', /search\.space: A space without parameters/],
    [
      'a value beyond the bounds of XGBoost',
      '  space: { max_depth: { kind: int, low: 3, high: 100 } }',
      /search\.space\.max_depth: 100 is no max_depth of XGBoost's: .*<=64/,
    ],
    [
      'fractions of a whole number',
      '  space: { max_depth: { kind: float, low: 3, high: 9 } }',
      /search\.space\.max_depth: a fraction between 3 and 9 is no max_depth of XGBoost's: .*int/,
    ],
    [
      'a choice that XGBoost does not have',
      '  space: { max_depth: { kind: categorical, choices: [3, deep] } }',
      /search\.space\.max_depth: "deep" is no max_depth of XGBoost's/,
    ],
    [
      'a parameter whose own value the plan does not say',
      '  space: { reg_lambda: { kind: float, low: 0.1, high: 10, log: true } }',
      /the first trial is the plan's own parameters, and they have no reg_lambda; set parameters\.reg_lambda/,
    ],
    [
      'another pruner than there are',
      `${depth}\n  pruner: { kind: medain }`,
      /search\.pruner\.kind is "medain", must be one of .*; did you mean "median"\?/,
    ],
  ])('refuses %s, in its place', (_, search, message) => {
    expect(() => load(search)).toThrow(message);
  });

  it('needs something to compare the first trial with', () => {
    const space = { max_depth: { kind: 'int', low: 3, high: 9 } };
    expect(searchPlan.safeParse({ trials: 1, space }).success).toBe(false);
  });

  it('refuses to compare trials by nothing', () => {
    expect(() => load(depth, '{ max_depth: 6 }')).toThrow(
      /search: trials are compared by the last eval_metric; name one in parameters\.eval_metric/,
    );
  });

  it('asks for no own value of a parameter that the own values rule out', () => {
    const search = `  space:
    booster: { kind: categorical, choices: [gbtree, dart] }
    rate_drop: { kind: float, low: 0, high: 0.5, when: [{ parameter: booster, in: [dart] }] }`;
    const plan = load(search, '{ eval_metric: [logloss], booster: gbtree }');
    expect(firstTrialValues(plan.search!, plan.parameters)).toEqual({ booster: 'gbtree' });
    expect(() => load(search, '{ eval_metric: [logloss], booster: dart }')).toThrow(/have no rate_drop/);
  });
});

it('the search that the shipped plan keeps in a comment can be switched on', () => {
  const shipped = new URL('../../../../config/training-plans/performance-predictor.yaml', import.meta.url);
  const text = readFileSync(shipped, 'utf8').replace(/^# search:\n(?:#.*\n)+/m, (commented) =>
    commented.replace(/^# /gm, ''),
  );
  const [declared] = parseDeclaration('training-plans', trainingPlan, text, 'shipped.yaml');
  expect(declared?.value.search).toMatchObject({ trials: 12 });
});

describe('the parameters of a trial', () => {
  const own = xgboostParameters.parse({ max_depth: 6, gamma: 2, reg_lambda: 3, booster: 'dart' });
  const search = searchPlan.parse({
    trials: 5,
    space: { max_depth: { kind: 'int', low: 3, high: 9 }, gamma: { kind: 'float', low: 0, high: 1 } },
  });

  it("are the plan's own in the first", () => {
    expect(trialParameters(search, own, { number: 0, parameters: firstTrialValues(search, own) })).toEqual(
      own,
    );
  });

  it('are in the others the suggested ones and what is not searched', () => {
    expect(trialParameters(search, own, { number: 1, parameters: { max_depth: 4 } })).toEqual({
      objective: 'binary:logistic',
      seed: 42,
      tree_method: 'hist',
      booster: 'dart',
      reg_lambda: 3,
      max_depth: 4,
    });
  });
});
