import { checkModel, compileTrees } from '@headrace/onnx';
import { type Rows } from '../gradient-booster.js';

/** What the file of a model of trees answers, by the scorer that serves it. */
export function scoreRows(model: Uint8Array, rows: Rows): Float32Array {
  const { trees } = checkModel(model);
  if (trees === undefined) throw new Error('A model of trees was built and something else was read');
  const answers = new Float32Array(rows.rows);
  compileTrees(trees).score(rows.values, rows.rows, answers);
  return answers;
}
