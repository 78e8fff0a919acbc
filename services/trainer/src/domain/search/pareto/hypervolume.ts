import { AppError } from '@headrace/kernel';
import { compareLosses, dominates, type Losses } from './non-domination-ranks.js';

export class InvalidReferencePointError extends AppError {
  readonly code = 'TRAINER_INVALID_REFERENCE_POINT';
  readonly kind = 'invalid';
}

/**
 * The volume that points (less is better) dominate in front of a reference point that none of them exceeds: how good a
 * front is, in one number. 0 without points, infinite when a point or the reference is.
 *
 * Two objectives by a sweep, three by slices of such areas, more by WFG: the volume of a point less what later points
 * share of it, recursively.
 *
 * @see While, Bradstreet & Barone (2012), A fast way of calculating exact hypervolumes
 */
export function hypervolume(points: readonly Losses[], reference: Losses): number {
  for (const point of points) {
    if (
      point.length !== reference.length ||
      !point.every((loss, index) => loss <= (reference[index] ?? NaN))
    ) {
      throw new InvalidReferencePointError(
        `Point (${point.join(', ')}) is not below the reference point (${reference.join(', ')}) in every objective`,
      );
    }
  }
  if (!reference.every(Number.isFinite)) return Infinity;
  const volume = volumeOf(frontOf(points), reference);
  return Number.isFinite(volume) ? volume : Infinity;
}

/** A reference point a tenth behind the worst of each objective. */
export function referencePointOf(points: readonly Losses[]): Losses {
  return (points[0] ?? []).map((_, index) => {
    const worst = points.reduce((most, point) => Math.max(most, point[index] ?? NaN), -Infinity);
    return Math.max(1.1 * worst, 0.9 * worst) || 1e-12;
  });
}

/** In lexicographic order, each once. */
function frontOf(points: readonly Losses[]): readonly Losses[] {
  const front: Losses[] = [];
  for (const point of [...points].sort(compareLosses)) {
    if (!front.some((member) => dominates(member, point) || compareLosses(member, point) === 0)) {
      front.push(point);
    }
  }
  return front;
}

function volumeOf(front: readonly Losses[], reference: Losses): number {
  if (reference.length === 2) return areaOf(front, reference);
  if (reference.length === 3) return volumeBySlices(front, reference);
  let sum = 0;
  front.forEach((point, index) => {
    const shared = front
      .slice(index + 1)
      .map((other) => other.map((loss, objective) => Math.max(loss, point[objective] ?? NaN)));
    sum += boxOf(point, reference) - (shared.length === 0 ? 0 : volumeOf(frontOf(shared), reference));
  });
  return sum;
}

function areaOf(front: readonly Losses[], reference: Losses): number {
  let area = 0;
  let ceiling = reference[1] ?? NaN;
  for (const [first = NaN, second = NaN] of front) {
    area += ((reference[0] ?? NaN) - first) * (ceiling - second);
    ceiling = second;
  }
  return area;
}

/** Between two neighbours in the first objective, the area that all points up to there dominate in the other two. */
function volumeBySlices(front: readonly Losses[], reference: Losses): number {
  const [end = NaN, ...others] = reference;
  let staircase: Losses[] = [];
  let volume = 0;
  front.forEach(([start = NaN, ...step], index) => {
    if (!staircase.some((other) => dominates(other, step) || compareLosses(other, step) === 0)) {
      staircase = [...staircase.filter((other) => !dominates(step, other)), step].sort(compareLosses);
    }
    volume += areaOf(staircase, others) * ((front[index + 1]?.[0] ?? end) - start);
  });
  return volume;
}

function boxOf(point: Losses, reference: Losses): number {
  return point.reduce((product, loss, index) => product * ((reference[index] ?? NaN) - loss), 1);
}
