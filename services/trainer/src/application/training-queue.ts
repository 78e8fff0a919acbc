/** Wakes the worker of the queue when a training is added. Without a listener the timer picks the training up. */
export class TrainingQueue {
  private listener: () => void = () => undefined;

  onWake(listener: () => void): void {
    this.listener = listener;
  }

  wake(): void {
    this.listener();
  }
}
