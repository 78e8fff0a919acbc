export { InvalidSampleError } from './invalid-sample-error.js';
export {
  binOf,
  countInto,
  freezeHistogram,
  haveSameBins,
  mergeHistograms,
  type FreezeOptions,
  type FrozenHistogram,
} from './frozen-histogram.js';
export { countWeightedInto, freezeWeighted, type WeightedValues } from './weighted-values.js';
export { DdSketch, type DdSketchState } from './dd-sketch.js';
export { KllSketch, type KllState } from './kll-sketch.js';
export { ksOfDdSketches, ksOfKllSketches, type SketchedKs } from './ks-of-sketches.js';
export { populationStabilityIndex } from './population-stability-index.js';
export { jensenShannonDistance, jensenShannonDivergence, type LogarithmBase } from './jensen-shannon.js';
export { kullbackLeibler } from './kullback-leibler.js';
export { hellingerDistance } from './hellinger.js';
export {
  accuracy,
  alertPrecision,
  confusion,
  f1,
  falsePositiveRate,
  precision,
  recall,
  type Confusion,
} from './confusion.js';
export { businessCost, costPerPrediction, type MistakeCosts } from './business-cost.js';
export { rocAuc } from './roc-auc.js';
export { prAuc } from './pr-auc.js';
export { brierScore } from './brier-score.js';
export { logLoss } from './log-loss.js';
export { forecastBias, mae, mse, r2 } from './forecast-errors.js';
export { directionalAccuracy, temporalConsistency } from './temporal-metrics.js';
export { calibrationError } from './calibration-error.js';
export { evaluateBinary, type BinaryMetrics, type EvaluateOptions } from './evaluate-binary.js';
export { sortedValues } from './sorted-values.js';
export { ksOfSorted, ksTwoSample, type KsResult } from './ks-two-sample.js';
export { normalizedWasserstein, wassersteinDistance } from './wasserstein.js';
export { chiSquareHomogeneity, type ChiSquareResult } from './chi-square.js';
export { mannWhitney, type MannWhitneyResult } from './mann-whitney.js';
export { benjaminiHochberg } from './benjamini-hochberg.js';
export { chiSquareTail, kolmogorovTail, normalQuantile, normalTail } from './special-functions.js';
export {
  pageHinkley,
  pageHinkleyStart,
  type PageHinkleyOptions,
  type PageHinkleyState,
} from './page-hinkley.js';
export { cusum, cusumStart, type CusumOptions, type CusumState } from './cusum.js';
export { cusumLimitFor, cusumRunLength } from './cusum-run-length.js';
export { adwin, adwinStart, adwinWindow, type AdwinOptions, type AdwinState } from './adwin.js';
export {
  powerOf,
  powerOfEffect,
  rateBoundWhenNoneSeen,
  sampleSizeOfEffect,
  sampleSizePerSide,
  trialsToBelieve,
  twoProportionTest,
  wilsonInterval,
  type Interval,
  type Proportion,
  type TwoProportionResult,
} from './proportions.js';
export { proportionConfidenceSequence } from './confidence-sequence.js';
export {
  alwaysValidPValue,
  safeProportionTest,
  safeTestStart,
  type Alternative,
  type SafeTestState,
} from './sequential-proportions.js';
export { ksOfHistograms } from './ks-of-histograms.js';
export { wilcoxonSignedRank, type WilcoxonOptions, type WilcoxonResult } from './wilcoxon-signed-rank.js';
export { estimatePerformance, type EstimatedPerformance } from './estimated-performance.js';
export { calibrateIsotonic, fitIsotonic, type IsotonicCalibration } from './isotonic-calibration.js';
export { meanConfidenceSequence, type MeanSequenceOptions } from './mean-confidence-sequence.js';
export { meanSprt, mixtureSprt } from './mixture-sprt.js';
export { quantileConfidenceSequence, quantileRankBounds, quantileSprt } from './quantile-sequences.js';
export { mergeMoments, type Moments, momentsOf, noMoments, varianceOf } from './moments.js';
export { exposurePerSide, type Rate, rateInterval, rateTest, type RateTestResult } from './rates.js';
export { blockBootstrap, type BlockBootstrapOptions, type BootstrapInterval } from './block-bootstrap.js';
export { type LeadTime, leadTime } from './lead-time.js';
