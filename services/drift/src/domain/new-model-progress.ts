export type Milestone = 'trainingBegan' | 'trained' | 'trainingFailed' | 'rolloutBegan' | 'rolloutEnded';

/** When each milestone of a new model was last reached, by the clock of the event's producer; ISO 8601. */
export type NewModelProgress = Readonly<Partial<Record<Milestone, string>>>;

/** A newer time of a milestone replaces the older one. An older time, delivered late or again, changes nothing. */
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
  /** The trainer and the canary controller emit an end of everything that they begin, however long it takes. */
  | { readonly stage: 'training' | 'rollout' }
  /** A training was requested and has not begun, or a model was trained and its rollout has not begun. */
  | { readonly stage: 'handed-over'; readonly since: Date };

/**
 * Derives how far the new model has come. A model has one training and one rollout at a time, so the one that began last
 * is in progress unless an end is at least as late. This holds in any order of delivery across topics, and for trainings
 * that somebody else requested. An end at the instant of the beginning counts as an end: a version that its training did
 * not validate is rolled back at once.
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
