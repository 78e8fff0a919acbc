import { InvalidSampleError } from './invalid-sample-error.js';

/** Throws unless the parameter lies strictly between 0 and 1, as a confidence, a level or a power does. */
export function assertOpenShare(name: string, value: number): void {
  if (!(value > 0 && value < 1)) {
    throw new InvalidSampleError(`${name} lies between 0 and 1, got ${value}; 0.05 and 0.95 are usual`);
  }
}

/** Throws unless the parameter is a finite number above 0. */
export function assertPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new InvalidSampleError(`${name} must be a finite number above 0, got ${value}`);
  }
}

/** Throws unless the parameter is an integer of at least `min`. */
export function assertWhole(name: string, value: number, min: number): void {
  if (!(Number.isInteger(value) && value >= min)) {
    throw new InvalidSampleError(`${name} must be a whole number from ${min} up, got ${value}`);
  }
}
