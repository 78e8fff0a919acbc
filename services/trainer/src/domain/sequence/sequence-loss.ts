/** How far the student follows its teacher instead of the labels. */
export interface Distillation {
  /** Softens both distributions; 3 unless there is a reason. */
  readonly temperature: number;
  /** Share of the teacher in the loss, 0..1; the rest is the labels'. */
  readonly teacherShare: number;
}

export interface LossAt {
  readonly loss: number;
  /** d loss / d logit. */
  readonly slope: number;
}

/** Teacher's probabilities are kept this far from 0 and 1, where their logit is infinite. */
const surest = 1e-6;

/**
 * Log loss of a logit z for a label y in [0, 1], and its slope:
 *
 *   loss = log(1 + e^z) - y z        slope = s(z) - y
 *
 * written so that nothing overflows: max(z, 0) - y z + log(1 + e^-|z|).
 */
export function logLossAt(logit: number, label: number): LossAt {
  return {
    loss: Math.max(logit, 0) - label * logit + Math.log1p(Math.exp(-Math.abs(logit))),
    slope: logistic(logit) - label,
  };
}

/**
 * Loss of a student with logit z, label y, and a teacher that answered with probability p, at temperature T:
 *
 *   q     = s(logit(p) / T)                                   what the teacher says, softened
 *   loss  = (1 - a) logLoss(z, y) + a T^2 KL(q || s(z / T))
 *   slope = (1 - a) (s(z) - y)    + a T (s(z / T) - q)
 *
 * with a the teacher's share. T^2 keeps the two slopes of one size when T changes. KL is the cross entropy less the
 * entropy of q, so that a student that agrees with its teacher has a loss of 0 from it.
 *
 * @see Hinton, Vinyals, Dean (2015), Distilling the Knowledge in a Neural Network, section 2
 */
export function distillationLossAt(
  logit: number,
  label: number,
  teacher: number,
  { temperature, teacherShare }: Distillation,
): LossAt {
  const hard = logLossAt(logit, label);
  const probability = Math.min(1 - surest, Math.max(surest, teacher));
  const softened = (Math.log(probability) - Math.log1p(-probability)) / temperature;
  const soft = logistic(softened);
  const entropy = logLossAt(softened, soft).loss;
  const student = logLossAt(logit / temperature, soft);
  return {
    loss:
      (1 - teacherShare) * hard.loss +
      teacherShare * temperature * temperature * Math.max(0, student.loss - entropy),
    slope: (1 - teacherShare) * hard.slope + teacherShare * temperature * student.slope,
  };
}

/** s(z) = 1 / (1 + e^-z). */
export function logistic(logit: number): number {
  if (logit >= 0) return 1 / (1 + Math.exp(-logit));
  const grown = Math.exp(logit);
  return grown / (1 + grown);
}
