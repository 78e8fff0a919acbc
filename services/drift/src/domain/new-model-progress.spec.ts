import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordMilestone, deriveStage, type Milestone, type NewModelProgress } from './new-model-progress.js';

const hour = (hours: number) => new Date(Date.UTC(2026, 10, 23) + hours * 3_600_000);
const after = (...milestones: readonly (readonly [Milestone, number])[]): NewModelProgress =>
  milestones.reduce((progress, [milestone, hours]) => recordMilestone(progress, milestone, hour(hours)), {});

describe('a new model', () => {
  it('is none before one is requested', () => {
    expect(deriveStage({}, undefined)).toEqual({ stage: 'none' });
  });

  it('is requested, trained, rolled out and then none again', () => {
    const story: [Milestone, number][] = [
      ['trainingBegan', 1],
      ['trained', 5],
      ['rolloutBegan', 6],
      ['rolloutEnded', 90],
    ];
    const stages = story.map((_, count) => deriveStage(after(...story.slice(0, count)), hour(0)));
    expect([...stages, deriveStage(after(...story), hour(0))]).toEqual([
      { stage: 'handed-over', since: hour(0) },
      { stage: 'training' },
      { stage: 'handed-over', since: hour(5) },
      { stage: 'rollout' },
      { stage: 'none' },
    ]);
  });

  it('that somebody else requested counts as well', () => {
    expect(deriveStage(after(['trainingBegan', 1]), undefined)).toEqual({ stage: 'training' });
    expect(deriveStage(after(['rolloutBegan', 1]), undefined)).toEqual({ stage: 'rollout' });
  });

  it('is none after a training without a model, and after the next one began it is one again', () => {
    const failed = after(['trainingBegan', 1], ['trainingFailed', 2]);
    expect(deriveStage(failed, hour(0))).toEqual({ stage: 'none' });
    expect(deriveStage(recordMilestone(failed, 'trainingBegan', hour(3)), hour(0))).toEqual({
      stage: 'training',
    });
  });

  it('whose rollout ends as it begins, because it was not validated, is none', () => {
    const refused = after(['trainingBegan', 1], ['trained', 2], ['rolloutBegan', 3], ['rolloutEnded', 3]);
    expect(deriveStage(refused, hour(0))).toEqual({ stage: 'none' });
  });

  it('takes the place of another one: one end ends both', () => {
    const replaced = after(['rolloutBegan', 1], ['rolloutBegan', 2]);
    expect(deriveStage(replaced, undefined)).toEqual({ stage: 'rollout' });
    expect(deriveStage(recordMilestone(replaced, 'rolloutEnded', hour(3)), undefined)).toEqual({
      stage: 'none',
    });
  });

  it('is requested again by a newer request', () => {
    const ended = after(['trained', 2], ['rolloutBegan', 3], ['rolloutEnded', 4]);
    expect(deriveStage(ended, hour(5))).toEqual({ stage: 'handed-over', since: hour(5) });
  });

  it('has come as far in whatever order, and however often, the topics deliver', () => {
    const milestone = fc.constantFrom<Milestone>(
      'trainingBegan',
      'trained',
      'trainingFailed',
      'rolloutBegan',
      'rolloutEnded',
    );
    const deliveries = fc.array(fc.tuple(milestone, fc.integer({ min: 0, max: 9 })), { maxLength: 12 });
    fc.assert(
      fc.property(
        deliveries.chain((once) =>
          fc.tuple(
            fc.constant(once),
            fc.shuffledSubarray([...once, ...once], { minLength: 2 * once.length }),
          ),
        ),
        ([once, again]) => {
          expect(after(...again)).toEqual(after(...once));
        },
      ),
    );
  });
});
