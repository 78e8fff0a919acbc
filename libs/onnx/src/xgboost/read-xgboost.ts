import { readUbjson } from './read-ubjson.js';
import {
  layOutTree,
  buildLeafTree,
  ModelRefusedError,
  refuse,
  type Tree,
  type TreeEnsemble,
  type TreeNode,
} from '../trees/tree-ensemble.js';
import { baseMargins, findObjective } from './xgboost-objective.js';

type Json = Readonly<Record<string, unknown>>;

const maxDepth = 512;
/** XGBoost supports categories below this only. */
const categoryLimit = 2 ** 24;

/**
 * Reads a booster with one output that XGBoost saved as JSON or UBJ (1.x to 3.x) into a tree ensemble whose answers equal
 * those of the library bit for bit. Details:
 *
 * - thresholds, leaves and sums are float32; the file holds their decimal form;
 * - the forms and meanings of `base_score`, see baseMargins;
 * - a missing value goes to the default child of each node;
 * - a split by category sends the listed categories to the right and everything else that is a number to the left;
 * - nodes removed by pruning are still in the arrays and are skipped.
 *
 * Every tree counts: to keep only the rounds up to the best one, slice the booster before saving it. Refuses boosters that it
 * would answer incorrectly: several outputs (see readXgboostClasses), vector leaves, dart, linear boosters.
 */
export function readXgboost(
  model: string | Uint8Array | object,
  featureNames: readonly string[],
): TreeEnsemble {
  const { ensembles, objective } = readBooster(model, featureNames);
  const [ensemble] = ensembles;
  if (ensemble === undefined || ensembles.length > 1 || objective.startsWith('multi:')) {
    return refuse(`it has ${ensembles.length} outputs and the objective ${objective}; one answer is needed`);
  }
  return ensemble;
}

/**
 * Reads a `multi:softprob` booster: one ensemble a class, in the order of the classes, whose answer is the class's margin.
 * The probabilities are the softmax of the margins. From here buildEnsembleModel writes an ONNX file with an output a class
 * (member kind `classes`), checkModel recognises it, and compileClasses scores it.
 */
export function readXgboostClasses(
  model: string | Uint8Array | object,
  featureNames: readonly string[],
): readonly TreeEnsemble[] {
  const { ensembles, objective } = readBooster(model, featureNames);
  if (!objective.startsWith('multi:')) refuse(`the objective ${objective} has no classes`);
  return ensembles;
}

export interface XgboostHeader {
  readonly objective: string;
  /** 0 for a booster with one output. */
  readonly classes: number;
  /** The names used in training; `f0`, `f1`, ... without names. */
  readonly featureNames: readonly string[];
}

/** The description of a booster, without its trees. */
export function readXgboostHeader(model: string | Uint8Array | object): XgboostHeader {
  const learner = requireChild(parseModel(model), 'learner');
  const parameters = requireChild(learner, 'learner_model_param');
  const columns = Number(parameters['num_feature']);
  if (!Number.isSafeInteger(columns) || columns < 1) refuse(`it has ${columns} features`);
  const written = learner['feature_names'];
  const names = Array.isArray(written) ? written.map(String) : [];
  return {
    objective: String(requireChild(learner, 'objective')['name']),
    classes: Number(parameters['num_class'] ?? 0),
    featureNames: names.length > 0 ? names : Array.from({ length: columns }, (_, column) => `f${column}`),
  };
}

function readBooster(
  model: string | Uint8Array | object,
  featureNames: readonly string[],
): { readonly ensembles: readonly TreeEnsemble[]; readonly objective: string } {
  const learner = requireChild(parseModel(model), 'learner');
  const parameters = requireChild(learner, 'learner_model_param');
  const columns = Number(parameters['num_feature']);
  if (columns !== featureNames.length) {
    refuse(`the booster has ${columns} features and ${featureNames.length} names were given`);
  }
  if (Number(parameters['num_target'] ?? 1) > 1) refuse('it has several targets');
  const objective = String(requireChild(learner, 'objective')['name']);
  const { link, base } = findObjective(objective);
  const booster = requireChild(learner, 'gradient_booster');
  if (booster['name'] !== 'gbtree') refuse(`booster ${String(booster['name'])} is not supported; use gbtree`);

  const groups = Math.max(1, Number(parameters['num_class'] ?? 0));
  if (!Number.isSafeInteger(groups) || groups > 10_000) refuse(`it has ${groups} classes`);
  const content = requireChild(booster, 'model');
  const trees = requireList(content, 'trees');
  const groupOf = requireList(content, 'tree_info');
  if (groupOf.length !== trees.length) {
    refuse(`tree_info has ${groupOf.length} entries for ${trees.length} trees`);
  }
  const treesOf: Tree[][] = baseMargins(parameters['base_score'], base, groups).map((margin) =>
    margin === 0 ? [] : [buildLeafTree(margin)],
  );
  for (const [index, tree] of trees.entries()) {
    if (typeof tree !== 'object' || tree === null) refuse(`tree ${index} is not an object`);
    const group =
      treesOf[Number(groupOf[index])] ??
      refuse(`tree ${index} belongs to output ${String(groupOf[index])} of ${groups}`);
    group.push(readTree(`tree ${index}`, tree as Json, columns));
  }
  return {
    objective,
    ensembles: treesOf.map((own) => ({
      featureNames,
      trees: own,
      offset: 0,
      link: link === 'softmax' ? 'identity' : link,
    })),
  };
}

function readTree(name: string, tree: Json, columns: number): Tree {
  const yes = requireList(tree, 'left_children');
  const no = requireList(tree, 'right_children');
  const features = requireList(tree, 'split_indices');
  const conditions = requireList(tree, 'split_conditions');
  const defaults = requireList(tree, 'default_left');
  const vectorSize = Number((tree['tree_param'] as Json | undefined)?.['size_leaf_vector'] ?? 0);
  if (vectorSize > 1) refuse(`${name} has leaves of ${vectorSize} values`);
  const categories = readCategories(name, tree);
  const nodes = new Map<number, TreeNode>();
  for (const [id, left] of yes.entries()) {
    const set = categories.get(id);
    const leaf = Number(left) === -1;
    const condition = Math.fround(Number(conditions[id]));
    if (!Number.isFinite(condition) && (leaf || set === undefined)) {
      refuse(`${name} has a condition that is not finite at node ${id}`);
    }
    const feature = Number(features[id]);
    if (!leaf && !(Number.isInteger(feature) && feature >= 0 && feature < columns)) {
      refuse(`${name} splits at node ${id} on feature ${feature} of ${columns}`);
    }
    nodes.set(id, {
      feature: leaf ? -1 : feature,
      threshold: leaf || set !== undefined ? 0 : condition,
      yes: Number(left),
      no: Number(no[id]),
      missingYes: Boolean(defaults[id]),
      value: leaf ? condition : 0,
      ...(!leaf && set !== undefined && { categories: set }),
    });
  }
  return layOutTree(name, nodes, 0, maxDepth);
}

/** The categories that go right, by node: `categories` in segments, one for each of `categories_nodes`. */
function readCategories(name: string, tree: Json): ReadonlyMap<number, readonly number[]> {
  const kinds = tree['split_type'] === undefined ? [] : requireList(tree, 'split_type');
  const byCategory = new Set(kinds.flatMap((kind, node) => (Number(kind) === 1 ? [node] : [])));
  if (kinds.some((kind) => Number(kind) !== 0 && Number(kind) !== 1)) refuse(`${name} has an unknown split`);
  const sets = new Map<number, readonly number[]>();
  if (byCategory.size === 0) return sets;
  const categories = requireList(tree, 'categories');
  const nodes = requireList(tree, 'categories_nodes');
  const segments = requireList(tree, 'categories_segments');
  const sizes = requireList(tree, 'categories_sizes');
  for (const [index, id] of nodes.entries()) {
    const begin = Number(segments[index]);
    const end = begin + Number(sizes[index]);
    if (!(Number.isSafeInteger(begin) && begin >= 0 && end >= begin && end <= categories.length)) {
      refuse(`${name} has categories ${begin} to ${end} of ${categories.length} at node ${String(id)}`);
    }
    const set = categories.slice(begin, end).map(Number);
    if (set.length === 0) refuse(`${name} has an empty set of categories at node ${String(id)}`);
    if (!set.every((category) => Number.isInteger(category) && category >= 0 && category < categoryLimit)) {
      refuse(`${name} has an invalid category at node ${String(id)}`);
    }
    sets.set(
      Number(id),
      [...new Set(set)].sort((a, b) => a - b),
    );
  }
  for (const node of byCategory) {
    if (!sets.has(node)) refuse(`${name} splits by category at node ${node} and lists none`);
  }
  for (const node of sets.keys()) if (!byCategory.has(node)) sets.delete(node);
  return sets;
}

/** UBJ where a type follows the first brace; JSON has a quote, a brace or a space there. */
function parseModel(model: string | Uint8Array | object): Json {
  if (typeof model === 'object' && !(model instanceof Uint8Array)) return model as Json;
  const isUbj = typeof model !== 'string' && model[0] === 0x7b && /^[iUIlL$#]/.test(toLatin(model[1]));
  const parsed = isUbj ? readUbjson(model) : parseJson(model);
  if (typeof parsed !== 'object' || parsed === null) refuse('it is not an object');
  return parsed as Json;
}

function toLatin(byte: number | undefined): string {
  return byte === undefined ? '' : String.fromCharCode(byte);
}

/** XGBoost writes the condition of a split by category as NaN, which is not JSON; here it becomes a string. */
function parseJson(model: string | Uint8Array): unknown {
  const text = typeof model === 'string' ? model : Buffer.from(model).toString('utf8');
  try {
    return JSON.parse(
      text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b/g, (token) => (token === 'NaN' ? '"NaN"' : token)),
    );
  } catch (cause) {
    throw new ModelRefusedError('it is neither JSON nor UBJ', { cause });
  }
}

function requireChild(parent: Json, name: string): Json {
  const value = parent[name];
  if (typeof value !== 'object' || value === null) refuse(`it has no ${name}`);
  return value as Json;
}

function requireList(parent: Json, name: string): readonly unknown[] {
  const value = parent[name];
  if (!Array.isArray(value)) refuse(`it has no list ${name}`);
  return value;
}
