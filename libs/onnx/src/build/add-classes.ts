import { refuse, type TreeEnsemble } from '../trees/tree-ensemble.js';
import { addTrees } from './add-trees.js';
import { intAttribute } from './attributes.js';
import { type GraphBuilder } from './graph-builder.js';

/** The classes of one model and which of them are positive. */
export interface MemberClasses {
  /** The margin of each class, see readXgboostClasses; their softmax are the probabilities. */
  readonly classes: readonly TreeEnsemble[];
  /** The classes whose probabilities, added, are the member's answer. */
  readonly positive: readonly number[];
  /** With names, the probability of each class is an output of its own, `<member>.<class>`. */
  readonly classNames?: readonly string[];
}

/**
 * The probability [n] that the class of a row is one of the positive ones, and by name the probability [n] of each class.
 * Each is the matrix of shares times a vector of zeros and ones, the form that readAnswers recognises.
 */
export function addClasses(
  graph: GraphBuilder,
  name: string,
  { classes, positive, classNames = [] }: MemberClasses,
  sets: boolean,
): { readonly positive: string; readonly each: ReadonlyMap<string, string> } {
  const chosen = new Set(positive);
  if (classes.length < 2 || classes.some(({ link }) => link !== 'identity')) {
    refuse(`${name} needs the margins of two classes or more`);
  }
  if (chosen.size === 0 || chosen.size === classes.length || positive.some((index) => !(index in classes))) {
    refuse(
      `${name} has the positive classes ${positive.join(', ')} of ${classes.length}; some of them are needed`,
    );
  }
  if (classNames.length !== 0 && classNames.length !== classes.length) {
    refuse(`${name} names ${classNames.length} classes and has ${classes.length}`);
  }
  for (const [index, one] of classNames.entries()) {
    if (!/^[A-Za-z0-9_-]+$/.test(one) || classNames.indexOf(one) !== index) {
      refuse(`${name} cannot name a class ${JSON.stringify(one)}`);
    }
  }
  const margins = classes.map((trees, index) => {
    const { probability = '' } = addTrees(graph, `${name}/class${index}`, 'features', trees, sets);
    return graph.node(
      'Unsqueeze',
      [probability, graph.integers('axis1', [1])],
      `${name}/class${index}/column`,
    );
  });
  const all = graph.node('Concat', margins, `${name}/margins`, { attributes: [intAttribute('axis', 1)] });
  const shares = graph.node('Softmax', [all], `${name}/classes`, { attributes: [intAttribute('axis', 1)] });
  const share = (output: string, picked: (index: number) => boolean): string =>
    graph.node(
      'MatMul',
      [
        shares,
        graph.floats(
          `${output}/picked`,
          [classes.length],
          classes.map((_, index) => (picked(index) ? 1 : 0)),
        ),
      ],
      `${output}/share`,
    );
  return {
    positive: share(`${name}/positive`, (index) => chosen.has(index)),
    each: new Map(
      classNames.map((one, place) => [
        `${name}.${one}`,
        share(`${name}/classes/${one}`, (index) => index === place),
      ]),
    ),
  };
}
