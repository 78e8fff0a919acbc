import { Clock } from '@headrace/kernel';

/** A clock that only moves when the test moves it. */
export class FakeClock extends Clock {
  private time: number;

  constructor(start: Date | string = '2026-11-23T12:00:00Z') {
    super();
    this.time = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.time);
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }

  set(time: Date | string): void {
    this.time = new Date(time).getTime();
  }
}
