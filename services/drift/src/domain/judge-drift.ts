import { predictionColumn, type Evidence } from '@headrace/contracts';
import { type Verdict } from '@headrace/kernel';
import {
  benjaminiHochberg,
  chiSquareHomogeneity,
  type FrozenHistogram,
  jensenShannonDistance,
  ksFromHistograms,
  populationStabilityIndex,
} from '@headrace/statistics';
import { type DriftPolicy } from './drift-policy.js';
import { type ColumnCount, type DriftWindowState, toHistogram } from './drift-window.js';
import { countIndependentRows } from './count-independent-rows.js';
import { type ReferenceProfile } from './reference-profile.js';

export interface DriftScore {
  readonly method: 'psi' | 'ks' | 'js';
  /** Undefined when one side has no value. */
  readonly value: number | undefined;
  /** Adjusted for the number of features. */
  readonly pValue: number | undefined;
  readonly threshold: number;
  readonly drifted: boolean | undefined;
}

/** One column against its reference. */
export interface ColumnJudgement {
  readonly feature: string;
  readonly scores: readonly DriftScore[];
  /** Undefined if there is nothing to compare, or too little. */
  readonly drifted: boolean | undefined;
  /** True if the policy excludes the column from the decision. Its scores are reported nevertheless. */
  readonly excluded: boolean;
  readonly missingShare: number | undefined;
  readonly referenceMissingShare: number | undefined;
  /** More values are missing than the policy allows. */
  readonly incomplete: boolean;
  readonly independentRows: number;
  readonly reference: FrozenHistogram;
  readonly current: FrozenHistogram;
}

export interface DriftJudgement {
  readonly verdict: Verdict;
  readonly features: readonly ColumnJudgement[];
  readonly prediction: ColumnJudgement;
  readonly driftedFeatures: readonly string[];
  readonly incompleteFeatures: readonly string[];
  readonly shareDrifted: number | undefined;
  readonly evidence: readonly Evidence[];
}

/** The criterion that decides whether the features as a whole have drifted. */
export const driftedShareCriterion = 'share of drifted features';

/**
 * Decides whether a window comes from the world that the model was trained on.
 *
 * A method calls a feature drifted when its effect is large enough to matter and significant after correction for the
 * number of features, on as many rows as are independent; a feature has drifted when `votes` methods agree; the window is
 * degraded when the share of drifted features reaches `share`, when the predictions have drifted or when too many
 * values are missing. A window without rows is no-data. A window with fewer rows than the minimum, or with nothing that
 * can be compared, is inconclusive, never healthy.
 */
export function judgeDrift(
  profile: ReferenceProfile,
  window: DriftWindowState,
  policy: DriftPolicy,
): DriftJudgement {
  const systems = Object.keys(window.lastBins).length;
  const names = Object.keys(profile.features);
  const measured = names.map((name) =>
    measure(name, profile.features[name] as FrozenHistogram, window.features[name], systems),
  );
  const counted = measured.map((column) => !policy.features.exclude.includes(column.feature));
  const adjust = (pValues: readonly (number | undefined)[]): (number | undefined)[] =>
    benjaminiHochberg(pValues.map((pValue, index) => (counted[index] ? pValue : undefined)));
  const shapeP = adjust(measured.map((column) => column.shapeP));
  const ksP = adjust(measured.map((column) => column.ksP));
  const enough = window.rows >= policy.window.minimumRows;
  const features = measured.map((column, index) =>
    judgeColumn(column, shapeP[index], ksP[index], policy, enough, !counted[index]),
  );
  const output = measure(predictionColumn, profile.prediction, window.prediction, systems);
  const prediction = judgeColumn(
    output,
    output.shapeP,
    output.ksP,
    policy,
    window.predictions >= policy.window.minimumRows,
    false,
  );
  return conclude(window, policy, features, prediction, enough);
}

interface Measured {
  readonly feature: string;
  readonly reference: FrozenHistogram;
  readonly current: FrozenHistogram;
  readonly independentRows: number;
  readonly psi: number | undefined;
  readonly js: number | undefined;
  readonly shapeP: number | undefined;
  readonly ks: number | undefined;
  readonly ksP: number | undefined;
}

function measure(
  feature: string,
  reference: FrozenHistogram,
  column: ColumnCount | undefined,
  systems: number,
): Measured {
  const counts = column ?? {
    counts: reference.counts.map(() => 0),
    missing: 0,
    followed: 0,
    squaredSteps: 0,
  };
  const current = toHistogram(reference, counts);
  const present = current.total - current.missing;
  const independent = countIndependentRows(counts, systems, reference.counts);
  const referencePresent = reference.total - reference.missing;
  // The reference is assumed to repeat itself as much as the window does: it is the same column of the same systems.
  const worth = present > 0 ? independent / present : 1;
  const referenceIndependent = Math.min(referencePresent, Math.max(independent, referencePresent * worth));
  const ks = ksFromHistograms(reference, current, [referenceIndependent, independent]);
  const shape =
    present > 0 && referencePresent > 0
      ? chiSquareHomogeneity(
          reference.counts.map((count) => (count * referenceIndependent) / referencePresent),
          current.counts.map((count) => count * worth),
        )
      : undefined;
  const comparable = present > 0 && referencePresent > 0;
  return {
    feature,
    reference,
    current,
    independentRows: independent,
    psi: populationStabilityIndex(reference, current),
    js: jensenShannonDistance(reference, current),
    // One category on both sides cannot differ, which is certain and not unknown.
    shapeP: shape?.pValue ?? (comparable ? 1 : undefined),
    ks: ks?.statistic,
    ksP: ks?.pValue,
  };
}

function judgeColumn(
  column: Measured,
  shapeP: number | undefined,
  ksP: number | undefined,
  policy: DriftPolicy,
  enough: boolean,
  excluded: boolean,
): ColumnJudgement {
  const { psi, js, ks } = policy.methods;
  const decide = (
    value: number | undefined,
    threshold: number,
    pValue: number | undefined,
    level: number,
  ): boolean | undefined => {
    if (value === undefined || !enough || excluded) return undefined;
    return value > threshold && pValue !== undefined && pValue <= level;
  };
  const score = (
    method: DriftScore['method'],
    value: number | undefined,
    pValue: number | undefined,
    threshold: number,
    level: number,
  ): DriftScore => ({ method, value, pValue, threshold, drifted: decide(value, threshold, pValue, level) });
  const scores = [
    score('psi', column.psi, shapeP, psi.threshold, policy.falseDiscoveryRate),
    score('ks', column.ks, ksP, ks.statistic, ks.pValue),
    score('js', column.js, shapeP, js.threshold, policy.falseDiscoveryRate),
  ];
  const judged = scores.filter(({ drifted }) => drifted !== undefined);
  const missingShare = computeShare(column.current.missing, column.current.total);
  const referenceMissingShare = computeShare(column.reference.missing, column.reference.total);
  return {
    feature: column.feature,
    scores,
    drifted:
      judged.length > 0 ? judged.filter(({ drifted }) => drifted === true).length >= policy.votes : undefined,
    excluded,
    missingShare,
    referenceMissingShare,
    incomplete:
      enough &&
      missingShare !== undefined &&
      missingShare - (referenceMissingShare ?? 0) > policy.dataQuality.missingShare,
    independentRows: column.independentRows,
    reference: column.reference,
    current: column.current,
  };
}

function conclude(
  window: DriftWindowState,
  policy: DriftPolicy,
  features: readonly ColumnJudgement[],
  prediction: ColumnJudgement,
  enough: boolean,
): DriftJudgement {
  const judged = features.filter(({ drifted, excluded }) => drifted !== undefined && !excluded);
  const driftedFeatures = judged.filter(({ drifted }) => drifted === true).map(({ feature }) => feature);
  const incompleteFeatures = features.filter(({ incomplete }) => incomplete).map(({ feature }) => feature);
  const shareDrifted = computeShare(driftedFeatures.length, judged.length);
  const shifted = shareDrifted !== undefined && shareDrifted >= policy.share && driftedFeatures.length > 0;
  const verdict: Verdict =
    window.rows === 0 && window.predictions === 0
      ? 'no-data'
      : shifted || prediction.drifted === true || incompleteFeatures.length > 0
        ? 'degraded'
        : !enough || shareDrifted === undefined
          ? 'inconclusive'
          : 'healthy';
  const silent: Verdict = window.rows === 0 ? 'no-data' : 'inconclusive';
  const evidence: Evidence[] = [
    {
      criterion: driftedShareCriterion,
      verdict: shareDrifted === undefined ? silent : shifted ? 'degraded' : 'healthy',
      value: shareDrifted ?? null,
      threshold: policy.share,
      direction: 'at-most',
      sampleSize: window.rows,
      detail: `${driftedFeatures.length} of ${judged.length} features`,
    },
    ...features.filter(({ drifted }) => drifted === true).flatMap(toEvidence),
    ...toEvidence(prediction),
    ...features.filter(({ incomplete }) => incomplete).map((column) => toMissingEvidence(column, policy)),
  ];
  return { verdict, features, prediction, driftedFeatures, incompleteFeatures, shareDrifted, evidence };
}

function toEvidence(column: ColumnJudgement): Evidence[] {
  const rows = column.current.total - column.current.missing;
  return column.scores.map((score) => ({
    criterion: `${score.method} of ${column.feature}`,
    verdict:
      score.drifted === undefined
        ? rows === 0
          ? 'no-data'
          : 'inconclusive'
        : score.drifted
          ? 'degraded'
          : 'healthy',
    value: score.value ?? null,
    baselineValue: 0,
    threshold: score.threshold,
    direction: 'at-most',
    sampleSize: rows,
    confidence: score.pValue === undefined ? null : 1 - score.pValue,
    detail: `worth ${Math.round(column.independentRows)} independent rows`,
  }));
}

function toMissingEvidence(column: ColumnJudgement, policy: DriftPolicy): Evidence {
  return {
    criterion: `missing share of ${column.feature}`,
    verdict: 'degraded',
    value: column.missingShare ?? null,
    baselineValue: column.referenceMissingShare ?? null,
    threshold: (column.referenceMissingShare ?? 0) + policy.dataQuality.missingShare,
    direction: 'at-most',
    sampleSize: column.current.total,
  };
}

const computeShare = (part: number, whole: number): number | undefined =>
  whole > 0 ? part / whole : undefined;
