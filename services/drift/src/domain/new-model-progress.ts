export type Milestone = 'trainingBegan' | 'trained' | 'trainingFailed' | 'rolloutBegan' | 'rolloutEnded';

/** When each milestone of a new model was last reached, by the clock of whoever stated it; ISO-8601. */
export type NewModelProgress = Readonly<Partial<Record<Milestone, string>>>;

/** A newer milestone replaces the one before it; an older one, delivered late or again, changes nothing. */
export function recordMilestone(
  progress: NewModelProgress,
  milestone: Milestone,
  at: Date,
): NewModelProgress {
  return timeOfMilestone(progress, milestone) >= at.getTime()
    ? progress
    : { ...progress, [milestone]: at.toISOString() };
}

export type NewModelStage =
  | { readonly stage: 'none' }
  /** The trainer and the canary controller each state an end of what they have begun, however long it takes. */
  | { readonly stage: 'training' | 'rollout' }
  /** A training was asked for and has not begun, or a model was trained and its rollout has not. */
  | { readonly stage: 'handed-over'; readonly since: Date };

/**
 * Where the new model of a model is. A model has one training and one rollout at a time, so what began last is going on
 * unless an end is as late. That holds in whatever order the topics deliver, and for what was begun by others, too. An
 * end at the instant of its beginning is an end: a version that its training did not validate is rolled back at once.
 */
export function deriveStage(progress: NewModelProgress, requestedAt: Date | undefined): NewModelStage {
  const at = (milestone: Milestone): number => timeOfMilestone(progress, milestone);
  if (at('rolloutBegan') > at('rolloutEnded')) return { stage: 'rollout' };
  if (at('trainingBegan') > Math.max(at('trained'), at('trainingFailed'))) return { stage: 'training' };
  const handedOver = Math.max(requestedAt?.getTime() ?? -Infinity, at('trained'));
  const over = Math.max(at('trainingFailed'), at('rolloutEnded'));
  return handedOver > over ? { stage: 'handed-over', since: new Date(handedOver) } : { stage: 'none' };
}

function timeOfMilestone(progress: NewModelProgress, milestone: Milestone): number {
  const at = progress[milestone];
  return at === undefined ? -Infinity : Date.parse(at);
}
