import { assertNever } from '@headrace/kernel';
import { hyperbandBracketOf } from './hyperband-bracket.js';
import { judgeByMedian } from './judge-by-median.js';
import { judgeBySuccessiveHalving } from './judge-by-successive-halving.js';
import { judgeByWilcoxon } from './judge-by-wilcoxon.js';
import { type PruningVerdict } from './pruning-verdict.js';
import { InvalidStudyError, type Study } from '../study/study.js';

/** Judges a trial by the study's pruner after its newest report; a pure function of the study. */
export function judgePruning(study: Study, number: number): PruningVerdict {
  const trial = study.trials[number];
  if (trial === undefined) {
    throw new InvalidStudyError(`Study "${study.name}" has no trial ${number} to judge`);
  }
  const { pruner, directions, trials } = study;
  const direction = directions[0] ?? 'minimize';
  switch (pruner.kind) {
    case 'none':
      return { outcome: 'no-data', reason: 'no-pruner' };
    case 'median':
      return judgeByMedian(trial, trials, direction, pruner);
    case 'successive-halving':
      return judgeBySuccessiveHalving(trial, trials, direction, pruner);
    case 'hyperband': {
      const bracket = hyperbandBracketOf(pruner, study.name, number);
      const rivals = trials.filter(
        (other) => hyperbandBracketOf(pruner, study.name, other.number) === bracket,
      );
      return judgeBySuccessiveHalving(trial, rivals, direction, {
        kind: 'successive-halving',
        minResource: pruner.minResource ?? 1,
        reductionFactor: pruner.reductionFactor ?? 3,
        minEarlyStoppingRate: bracket,
        bootstrapCount: pruner.bootstrapCount ?? 0,
      });
    }
    case 'wilcoxon':
      return judgeByWilcoxon(trial, trials, direction, pruner);
    default:
      return assertNever(pruner);
  }
}
