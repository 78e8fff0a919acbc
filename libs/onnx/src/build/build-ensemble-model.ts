import { refuse, type TreeEnsemble } from '../trees/tree-ensemble.js';
import { addClasses, type MemberClasses } from './add-classes.js';
import { addCalibration, type Calibration, type Score } from './add-calibration.js';
import { addDense, type DenseNetwork } from './add-dense.js';
import { addLstm, type LstmWeights } from './add-lstm.js';
import { addTrees } from './add-trees.js';
import { GraphBuilder } from './graph-builder.js';

/** One member of an ensemble. Weights are relative: only their share of the sum matters. */
export type EnsembleMember = {
  /** Also the name of the member's own output. */
  readonly name: string;
  readonly weight: number;
  /** Of this member's own probability, before it is weighted. */
  readonly calibration?: Calibration;
} & (
  | { readonly kind: 'trees'; readonly trees: TreeEnsemble }
  | ({ readonly kind: 'classes' } & MemberClasses)
  | { readonly kind: 'dense'; readonly dense: DenseNetwork }
  | { readonly kind: 'lstm'; readonly lstm: LstmWeights }
);

export interface EnsembleModel {
  /** Order of the columns of `features`; empty when every member reads the sequence. */
  readonly featureNames: readonly string[];
  /** Order of the channels of `sequence`. */
  readonly channelNames?: readonly string[];
  readonly members: readonly EnsembleMember[];
  /** Of the weighted mean. */
  readonly calibration?: Calibration;
  /** Written into the file as `headrace.<name>`, for example `trainingSetDigest`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const reserved: ReadonlySet<string> = new Set(['features', 'sequence', 'probability']);

/**
 * One ONNX file of several members: inputs `features` FP32 [n, f] and `sequence` FP32 [s, t, c], outputs `probability` FP32
 * [n], the calibrated mean of the members' probabilities weighted by share, one FP32 [n] named after each member, and one
 * after each class that is named.
 *
 * **The sequence is optional, row by row.** A row of `sequence` that holds only NaN is absent: members that read it answer NaN,
 * and their weight is redistributed to the other members in proportion, so that `probability` is the mean of those alone.
 * `s` is n, or 1: one row of NaN stands for a batch without sequences of any length (see buildAbsentSequence). ONNX has inputs
 * with a default for this, but onnxruntime-node ignores values fed to them, so the caller feeds the NaN. Where every member
 * reads the sequence, `s` is n and a row without one answers NaN.
 *
 * Equal arguments give equal bytes.
 */
export function buildEnsembleModel(model: EnsembleModel): Uint8Array {
  const { featureNames, members, metadata = {} } = model;
  checkMembers(members);
  const withSequence = members.filter((member) => member.kind === 'lstm');
  const always = members.filter((member) => member.kind !== 'lstm');
  const rows = always.length > 0 ? 'n' : 's';
  const shape = sequenceShape(withSequence.map(({ lstm }) => lstm));
  if (always.length > 0 !== featureNames.length > 0) {
    refuse(`it has ${featureNames.length} features and ${always.length} members that read them`);
  }
  if (new Set(featureNames).size !== featureNames.length) refuse('it names a feature twice');
  if (model.channelNames !== undefined && model.channelNames.length !== shape?.channels) {
    refuse(`it names ${model.channelNames.length} channels and its sequence has ${shape?.channels ?? 0}`);
  }

  const sets = members.some((member) => collectMemberTrees(member).some(hasCategories));
  const graph = new GraphBuilder(members.map(({ name }) => name).join('+'), sets ? 5 : 3);
  if (always.length > 0) graph.input('features', ['n', featureNames.length]);
  if (shape !== undefined) graph.input('sequence', ['s', shape.steps, shape.channels]);
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const withoutTotal = always.reduce((sum, { weight }) => sum + weight, 0);

  const answers = new Map<string, string>();
  const columns = new Map<string, string>();
  for (const member of always) {
    const { score, each = [] } = addScore(graph, member, featureNames, sets);
    answers.set(member.name, addCalibration(graph, member.name, score, member.calibration));
    for (const [name, value] of each) columns.set(name, value);
  }
  // Any value of the batch's length: the answer to a single row of the sequence is broadcast to it.
  const [long] = answers.values();
  const absent: string[] = [];
  for (const { name, lstm, calibration } of withSequence) {
    const added = addLstm(graph, name, 'sequence', lstm);
    const answer = addCalibration(graph, name, { logit: added.logit }, calibration);
    const nothing = graph.floats(`${name}/nothing`, [1], [Number.NaN]);
    const known = graph.node('Where', [added.absent, nothing, answer], `${name}/answer`);
    answers.set(name, long === undefined ? known : addSpread(graph, name, known, long));
    absent.push(added.absent);
  }
  const all = addWeightedMean(graph, 'probability/mean', members, answers, total);
  const mean =
    absent[0] === undefined || always.length === 0
      ? all
      : graph.node(
          'Where',
          [
            absent[0],
            addWeightedMean(graph, 'probability/mean_without_sequence', always, answers, withoutTotal),
            all,
          ],
          'probability/mean_of_present',
        );
  const probability = addCalibration(graph, 'probability', { probability: mean }, model.calibration);
  const outputs = new Map([
    ['probability', probability],
    ...members.map(({ name }) => [name, answers.get(name) ?? ''] as const),
    ...columns,
  ]);
  for (const [name, value] of outputs) {
    graph.node('Identity', [value], name);
    graph.output(name, [rows]);
  }
  return graph.finish({
    ...metadata,
    ...(featureNames.length > 0 && { featureNames: JSON.stringify(featureNames) }),
    ...(model.channelNames !== undefined && { channelNames: JSON.stringify(model.channelNames) }),
    members: JSON.stringify(
      members.map(({ name, kind, weight }) => ({ name, kind, weight: weight / total })),
    ),
    signature: JSON.stringify({
      inputs: [
        ...(always.length > 0
          ? [{ name: 'features', datatype: 'FP32', shape: [-1, featureNames.length] }]
          : []),
        ...(shape !== undefined
          ? [
              {
                name: 'sequence',
                datatype: 'FP32',
                shape: [-1, shape.steps, shape.channels],
                ...(always.length > 0 && { optional: true }),
              },
            ]
          : []),
      ],
      outputs: [...outputs.keys()].map((name) => ({ name, datatype: 'FP32', shape: [-1] })),
    }),
  });
}

function addScore(
  graph: GraphBuilder,
  member: Exclude<EnsembleMember, { kind: 'lstm' }>,
  featureNames: readonly string[],
  sets: boolean,
): { readonly score: Score; readonly each?: ReadonlyMap<string, string> } {
  if (member.kind === 'dense') {
    return { score: { logit: addDense(graph, member.name, 'features', featureNames.length, member.dense) } };
  }
  for (const { featureNames: own } of collectMemberTrees(member)) {
    if (own.length !== featureNames.length || own.some((name, column) => name !== featureNames[column])) {
      refuse(`${member.name} was trained on other features than the ensemble has, or in another order`);
    }
  }
  if (member.kind === 'trees') return { score: addTrees(graph, member.name, 'features', member.trees, sets) };
  const { positive, each } = addClasses(graph, member.name, member, sets);
  return { score: { probability: positive }, each };
}

function collectMemberTrees(member: EnsembleMember): readonly TreeEnsemble[] {
  switch (member.kind) {
    case 'trees':
      return [member.trees];
    case 'classes':
      return member.classes;
    case 'dense':
    case 'lstm':
      return [];
  }
}

function hasCategories({ trees }: TreeEnsemble): boolean {
  return trees.some(({ categories }) => categories !== undefined);
}

/** Broadcasts a value of one row or of all rows to the length of the batch. */
function addSpread(graph: GraphBuilder, name: string, value: string, long: string): string {
  const condition = graph.node('IsNaN', [long], `${name}/each_row`);
  return graph.node('Where', [condition, value, value], `${name}/spread`);
}

function addWeightedMean(
  graph: GraphBuilder,
  prefix: string,
  members: readonly EnsembleMember[],
  answers: ReadonlyMap<string, string>,
  total: number,
): string {
  const [only] = members;
  if (members.length === 1 && only !== undefined) return answers.get(only.name) ?? '';
  const parts = members.map(({ name, weight }) => {
    const share = graph.floats(`${prefix}/share_of_${name}`, [1], [weight / total]);
    return graph.node('Mul', [answers.get(name) ?? '', share], `${prefix}/part_of_${name}`);
  });
  return parts.reduce((sum, part, index) => graph.node('Add', [sum, part], `${prefix}/sum${index}`));
}

function sequenceShape(networks: readonly LstmWeights[]): { steps: number; channels: number } | undefined {
  const [first] = networks;
  if (first === undefined) return undefined;
  const { steps, channels } = first;
  if (networks.some((other) => other.steps !== steps || other.channels !== channels)) {
    refuse('its members read sequences of different shapes');
  }
  return { steps, channels };
}

function checkMembers(members: readonly EnsembleMember[]): void {
  if (members.length === 0) refuse('it has no members');
  const names = new Set<string>();
  for (const { name, weight } of members) {
    if (!/^[A-Za-z][A-Za-z0-9_.-]*$/.test(name) || reserved.has(name)) {
      refuse(`a member cannot be named ${JSON.stringify(name)}`);
    }
    if (names.has(name)) refuse(`two members are named ${JSON.stringify(name)}`);
    names.add(name);
    if (!(Number.isFinite(weight) && weight > 0)) {
      refuse(`the weight of ${name} is ${weight}; a positive number is needed`);
    }
  }
}
