/** Tells whoever works off the trainings that one was added or cancelled; without it the next round finds out. */
export abstract class TrainingQueue {
  abstract wake(): void;
}
