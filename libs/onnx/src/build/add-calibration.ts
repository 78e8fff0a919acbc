import { refuse } from '../trees/tree-ensemble.js';
import { checkFinite } from './add-scaler.js';
import { type GraphBuilder } from './graph-builder.js';

/**
 * Maps the score of a model to a calibrated probability.
 *
 * - `platt`: sigmoid(slope * logit + intercept);
 * - `isotonic`: a non-decreasing function of the probability, linear between the points, constant beyond the ends. Scores
 *   strictly increase, also after rounding to float32.
 */
export type Calibration =
  | { readonly method: 'platt'; readonly slope: number; readonly intercept: number }
  | {
      readonly method: 'isotonic';
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

/** A score of a model [n] as logit, probability or both; a missing form is derived from the other. */
export interface Score {
  readonly logit?: string;
  readonly probability?: string;
}

/** Logits beyond this are 0 and 1 in float32. */
const farthest = 1e-7;

/** The calibrated probability [n] of a score; without a calibration the probability itself. */
export function addCalibration(
  graph: GraphBuilder,
  prefix: string,
  score: Score,
  calibration?: Calibration,
): string {
  if (calibration === undefined) return addProbability(graph, prefix, score);
  if (calibration.method === 'platt') {
    const { slope, intercept } = calibration;
    checkFinite(`${prefix} calibration`, [slope, intercept]);
    const scaled = graph.node(
      'Mul',
      [addLogit(graph, prefix, score), graph.floats(`${prefix}/slope`, [1], [slope])],
      `${prefix}/sloped`,
    );
    const moved = graph.node(
      'Add',
      [scaled, graph.floats(`${prefix}/intercept`, [1], [intercept])],
      `${prefix}/platt_logit`,
    );
    return graph.node('Sigmoid', [moved], `${prefix}/calibrated`);
  }
  return addIsotonic(graph, prefix, addProbability(graph, prefix, score), calibration);
}

/**
 * y0 + sum over the pieces of dy_i * clip((p - x_i) / w_i, 0, 1): each piece adds the part of its rise that lies below p.
 * Clipping the share instead of the product keeps steep pieces exact.
 */
function addIsotonic(
  graph: GraphBuilder,
  prefix: string,
  probability: string,
  { scores, probabilities }: Extract<Calibration, { method: 'isotonic' }>,
): string {
  checkFinite(`${prefix} isotonic scores`, scores);
  checkFinite(`${prefix} isotonic probabilities`, probabilities);
  const [first] = probabilities;
  if (first === undefined || scores.length !== probabilities.length) {
    refuse(`${prefix} has ${scores.length} isotonic scores and ${probabilities.length} probabilities`);
  }
  const x = Float32Array.from(scores);
  const pieces = x.length - 1;
  for (let piece = 0; piece < pieces; piece += 1) {
    if (!((x[piece] as number) < (x[piece + 1] as number))) {
      refuse(`${prefix} has isotonic scores that do not increase at ${piece + 1}`);
    }
  }
  const rises = Float32Array.from(
    { length: pieces },
    (_, piece) => (probabilities[piece + 1] ?? 0) - (probabilities[piece] ?? 0),
  );
  if (rises.some((rise) => rise < 0)) refuse(`${prefix} has isotonic probabilities that fall`);
  const base = graph.floats(`${prefix}/isotonic_base`, [1], [first]);
  if (pieces === 0) {
    // One point: a constant for every row; NaN stays NaN.
    const nothing = graph.node('Sub', [probability, probability], `${prefix}/isotonic_nothing`);
    return graph.node('Add', [nothing, base], `${prefix}/calibrated`);
  }
  const column = graph.node(
    'Unsqueeze',
    [probability, graph.integers('axis1', [1])],
    `${prefix}/isotonic_column`,
  );
  const from = graph.floats(`${prefix}/isotonic_from`, [pieces], x.subarray(0, pieces));
  const widths = graph.floats(
    `${prefix}/isotonic_widths`,
    [pieces],
    Float32Array.from(rises, (_, piece) => (x[piece + 1] as number) - (x[piece] as number)),
  );
  const beyond = graph.node('Sub', [column, from], `${prefix}/isotonic_beyond`);
  const share = graph.node('Div', [beyond, widths], `${prefix}/isotonic_share`);
  const clipped = graph.node(
    'Clip',
    [
      share,
      graph.floats(`${prefix}/isotonic_none`, [], [0]),
      graph.floats(`${prefix}/isotonic_all`, [], [1]),
    ],
    `${prefix}/isotonic_clipped`,
  );
  const rise = graph.node(
    'MatMul',
    [clipped, graph.floats(`${prefix}/isotonic_rises`, [pieces], rises)],
    `${prefix}/isotonic_rise`,
  );
  return graph.node('Add', [rise, base], `${prefix}/calibrated`);
}

function addProbability(graph: GraphBuilder, prefix: string, { logit, probability }: Score): string {
  if (probability !== undefined) return probability;
  if (logit === undefined) return refuse(`${prefix} has no score`);
  return graph.node('Sigmoid', [logit], `${prefix}/probability`);
}

/** log(p / (1 - p)) of a probability clipped slightly inside (0, 1). */
function addLogit(graph: GraphBuilder, prefix: string, { logit, probability }: Score): string {
  if (logit !== undefined) return logit;
  if (probability === undefined) return refuse(`${prefix} has no score`);
  const inside = graph.node(
    'Clip',
    [
      probability,
      graph.floats(`${prefix}/least`, [], [farthest]),
      graph.floats(`${prefix}/most`, [], [1 - farthest]),
    ],
    `${prefix}/inside`,
  );
  const against = graph.node('Sub', [graph.floats(`${prefix}/one`, [1], [1]), inside], `${prefix}/against`);
  return graph.node('Log', [graph.node('Div', [inside, against], `${prefix}/odds`)], `${prefix}/log_odds`);
}
