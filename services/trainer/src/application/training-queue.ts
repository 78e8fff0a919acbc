/** Tells whoever works trainings off that there is something to do now. Nobody listening is no error: there is a timer. */
export class Doorbell {
  private answer: () => void = () => undefined;

  onRing(answer: () => void): void {
    this.answer = answer;
  }

  ring(): void {
    this.answer();
  }
}
