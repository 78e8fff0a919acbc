export { InvalidSampleError } from './samples/invalid-sample-error.js';
export {
  findBin,
  countInto,
  freezeHistogram,
  haveSameBins,
  mergeHistograms,
  type FreezeOptions,
  type FrozenHistogram,
} from './histograms/frozen-histogram.js';
export { countWeightedInto, freezeWeighted, type WeightedValues } from './histograms/weighted-values.js';
export { DdSketch, type DdSketchState } from './sketches/dd-sketch.js';
export { KllSketch, type KllState } from './sketches/kll-sketch.js';
export {
  ksFromDdSketches,
  ksFromKllSketches,
  type ApproximateKsResult,
} from './sketches/ks-from-sketches.js';
export { populationStabilityIndex } from './histograms/population-stability-index.js';
export {
  jensenShannonDistance,
  jensenShannonDivergence,
  type LogarithmBase,
} from './histograms/jensen-shannon.js';
export { kullbackLeibler } from './histograms/kullback-leibler.js';
export { hellingerDistance } from './histograms/hellinger.js';
export {
  accuracy,
  alertPrecision,
  confusion,
  f1,
  falsePositiveRate,
  precision,
  recall,
  type Confusion,
} from './metrics/confusion.js';
export { businessCost, costPerPrediction, type MistakeCosts } from './metrics/business-cost.js';
export { rocAuc } from './metrics/roc-auc.js';
export { prAuc } from './metrics/pr-auc.js';
export { brierScore } from './metrics/brier-score.js';
export { logLoss } from './metrics/log-loss.js';
export { forecastBias, mae, mse, r2 } from './metrics/forecast-errors.js';
export { directionalAccuracy, temporalConsistency } from './metrics/temporal-metrics.js';
export { calibrationError } from './metrics/calibration-error.js';
export { evaluateBinary, type BinaryMetrics, type EvaluateOptions } from './metrics/evaluate-binary.js';
export { sortValues } from './samples/sort-values.js';
export { ksOfSortedSamples, ksTwoSample, type KsResult } from './tests/ks-two-sample.js';
export { normalizedWasserstein, wassersteinDistance } from './tests/wasserstein.js';
export { chiSquareHomogeneity, type ChiSquareResult } from './tests/chi-square.js';
export { mannWhitney, type MannWhitneyResult } from './tests/mann-whitney.js';
export { benjaminiHochberg } from './tests/benjamini-hochberg.js';
export { chiSquareTail, kolmogorovTail, normalQuantile, normalTail } from './samples/special-functions.js';
export {
  pageHinkley,
  initialPageHinkleyState,
  type PageHinkleyOptions,
  type PageHinkleyState,
} from './change-detectors/page-hinkley.js';
export { cusum, initialCusumState, type CusumOptions, type CusumState } from './change-detectors/cusum.js';
export { cusumLimitFor, cusumRunLength } from './change-detectors/cusum-run-length.js';
export {
  adwin,
  initialAdwinState,
  adwinWindow,
  type AdwinOptions,
  type AdwinState,
} from './change-detectors/adwin.js';
export {
  powerForProportions,
  powerForEffect,
  zeroEventUpperBound,
  sampleSizeForEffect,
  sampleSizePerSide,
  zeroEventSampleSize,
  twoProportionTest,
  wilsonInterval,
  type Interval,
  type Proportion,
  type TwoProportionResult,
} from './tests/proportions.js';
export { proportionConfidenceSequence } from './sequential/confidence-sequence.js';
export {
  alwaysValidPValue,
  safeProportionTest,
  initialSafeTestState,
  type Alternative,
  type SafeTestState,
} from './sequential/sequential-proportions.js';
export { ksFromHistograms } from './sketches/ks-from-histograms.js';
export {
  wilcoxonSignedRank,
  type WilcoxonOptions,
  type WilcoxonResult,
} from './tests/wilcoxon-signed-rank.js';
export { estimatePerformance, type EstimatedPerformance } from './metrics/estimate-performance.js';
export { calibrateIsotonic, fitIsotonic, type IsotonicCalibration } from './metrics/isotonic-calibration.js';
export { meanConfidenceSequence, type MeanSequenceOptions } from './sequential/mean-confidence-sequence.js';
export { meanSprt, mixtureSprt } from './sequential/mixture-sprt.js';
export {
  quantileConfidenceSequence,
  quantileRankBounds,
  quantileSprt,
} from './sequential/quantile-sequences.js';
export {
  mergeMoments,
  type Moments,
  computeMoments,
  emptyMoments,
  sampleVariance,
} from './samples/moments.js';
export { exposurePerSide, type Rate, rateInterval, rateTest, type RateTestResult } from './tests/rates.js';
export {
  blockBootstrap,
  type BlockBootstrapOptions,
  type BootstrapInterval,
} from './tests/block-bootstrap.js';
export { type LeadTime, leadTime } from './metrics/lead-time.js';
