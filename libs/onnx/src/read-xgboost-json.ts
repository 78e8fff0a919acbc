import {
  layOutTree,
  leafTree,
  refuse,
  type Tree,
  type TreeEnsemble,
  type TreeNode,
} from './tree-ensemble.js';

type Json = Readonly<Record<string, unknown>>;

const maxDepth = 512;

/** Objectives whose answer is the sigmoid of the margin; the rest answer the margin itself. */
const sigmoidObjectives: ReadonlySet<string> = new Set(['binary:logistic', 'reg:logistic']);
const identityObjectives: ReadonlySet<string> = new Set([
  'binary:logitraw',
  'reg:squarederror',
  'reg:absoluteerror',
  'reg:pseudohubererror',
  'reg:squaredlogerror',
]);

/**
 * Reads a booster that XGBoost saved as JSON (1.x to 3.x) into a tree ensemble that answers bit for bit what the library
 * answers. What it takes care of:
 *
 * - thresholds, leaves and sums are float32; the file holds their decimal form;
 * - `base_score` is a number, a string or, since 3.1, a list of one. With a logistic objective it is a probability (all
 *   versions from 1.7 to 3.2 were compared) and becomes a margin as the library does it, in float32 before the logarithm:
 *   `-log(1 / p - 1)`. A value outside (0, 1) cannot be a probability and is taken as a margin;
 * - a missing value goes to the default child of each node;
 * - nodes that pruning removed lie in the arrays still and are not read.
 *
 * Refuses what it would otherwise answer wrongly: categorical splits, several outputs, dart, linear boosters.
 */
export function readXgboostJson(
  modelJson: string | Uint8Array | object,
  featureNames: readonly string[],
): TreeEnsemble {
  const learner = child(parse(modelJson), 'learner');
  const parameters = child(learner, 'learner_model_param');
  const columns = Number(parameters['num_feature']);
  if (columns !== featureNames.length)
    refuse(`the booster has ${columns} features and ${featureNames.length} names were given`);
  if (Number(parameters['num_class'] ?? 0) > 1 || Number(parameters['num_target'] ?? 1) > 1)
    refuse('it has several outputs; one probability is needed');
  const objective = String(child(learner, 'objective')['name']);
  const link = sigmoidObjectives.has(objective) ? 'sigmoid' : 'identity';
  if (link === 'identity' && !identityObjectives.has(objective))
    refuse(`objective ${objective} is not supported; train with binary:logistic`);
  const booster = child(learner, 'gradient_booster');
  if (booster['name'] !== 'gbtree') refuse(`booster ${String(booster['name'])} is not supported; use gbtree`);
  const trees = list(child(booster, 'model'), 'trees').map((tree, index) =>
    readTree(`tree ${index}`, tree as Json, columns),
  );
  const base = baseMargin(parameters['base_score'], link);
  return { featureNames, trees: base === 0 ? trees : [leafTree(base), ...trees], offset: 0, link };
}

function baseMargin(written: unknown, link: TreeEnsemble['link']): number {
  const single: unknown = Array.isArray(written) ? written[0] : written;
  const text = (typeof single === 'number' || typeof single === 'string' ? String(single) : '').replace(
    /^\[|\]$/g,
    '',
  );
  const score = Math.fround(Number(text));
  if (text === '' || !Number.isFinite(score)) refuse(`base_score ${text} is not one number`);
  if (link === 'identity' || score <= 0 || score >= 1) return score;
  const odds = Math.fround(Math.fround(1 / score) - 1);
  return Math.fround(-Math.log(odds)) + 0;
}

function readTree(name: string, tree: Json, columns: number): Tree {
  const yes = list(tree, 'left_children');
  const no = list(tree, 'right_children');
  const features = list(tree, 'split_indices');
  const conditions = list(tree, 'split_conditions');
  const defaults = list(tree, 'default_left');
  const kinds = Array.isArray(tree['split_type']) ? (tree['split_type'] as unknown[]) : [];
  if (kinds.some((kind) => Number(kind) !== 0)) refuse(`${name} splits by category, which is not supported`);
  const vectorSize = Number((tree['tree_param'] as Json | undefined)?.['size_leaf_vector'] ?? 0);
  if (vectorSize > 1) refuse(`${name} has leaves of ${vectorSize} values`);
  const nodes = new Map<number, TreeNode>();
  for (const [id, left] of yes.entries()) {
    const condition = Math.fround(Number(conditions[id]));
    if (!Number.isFinite(condition)) refuse(`${name} has a condition that is not finite at node ${id}`);
    const leaf = Number(left) === -1;
    const feature = Number(features[id]);
    if (!leaf && !(Number.isInteger(feature) && feature >= 0 && feature < columns))
      refuse(`${name} splits at node ${id} on feature ${feature} of ${columns}`);
    nodes.set(id, {
      feature: leaf ? -1 : feature,
      threshold: leaf ? 0 : condition,
      yes: Number(left),
      no: Number(no[id]),
      missingYes: Boolean(defaults[id]),
      value: leaf ? condition : 0,
    });
  }
  return layOutTree(name, nodes, 0, maxDepth);
}

function parse(modelJson: string | Uint8Array | object): Json {
  if (typeof modelJson === 'object' && !(modelJson instanceof Uint8Array)) return modelJson as Json;
  const text = typeof modelJson === 'string' ? modelJson : Buffer.from(modelJson).toString('utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) refuse('its JSON is not an object');
  return parsed as Json;
}

function child(parent: Json, name: string): Json {
  const value = parent[name];
  if (typeof value !== 'object' || value === null) refuse(`its JSON has no ${name}`);
  return value as Json;
}

function list(parent: Json, name: string): readonly unknown[] {
  const value = parent[name];
  if (!Array.isArray(value)) refuse(`its JSON has no list ${name}`);
  return value;
}
