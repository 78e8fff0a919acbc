export {
  findBin,
  countInto,
  freezeHistogram,
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
export { jensenShannonDistance, type LogarithmBase } from './histograms/jensen-shannon.js';
export { type Confusion } from './metrics/confusion.js';
export { type MistakeCosts } from './metrics/business-cost.js';
export { directionalAccuracy } from './metrics/temporal-metrics.js';
export { evaluateBinary, type BinaryMetrics, type EvaluateOptions } from './metrics/evaluate-binary.js';
export { ksTwoSample, type KsResult } from './tests/ks-two-sample.js';
export { wassersteinDistance } from './tests/wasserstein.js';
export { chiSquareHomogeneity, type ChiSquareResult } from './tests/chi-square.js';
export { mannWhitney, type MannWhitneyResult } from './tests/mann-whitney.js';
export { benjaminiHochberg } from './tests/benjamini-hochberg.js';
export { normalQuantile } from './samples/special-functions.js';
export {
  pageHinkley,
  initialPageHinkleyState,
  type PageHinkleyOptions,
  type PageHinkleyState,
} from './change-detectors/page-hinkley.js';
export { cusum, initialCusumState, type CusumOptions, type CusumState } from './change-detectors/cusum.js';
export { adwin, initialAdwinState, type AdwinOptions, type AdwinState } from './change-detectors/adwin.js';
export {
  wilsonInterval,
  type Interval,
  type Proportion,
  type TwoProportionResult,
} from './tests/proportions.js';
export { proportionConfidenceSequence } from './sequential/confidence-sequence.js';
export {
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
export { mixtureSprt } from './sequential/mixture-sprt.js';
export { quantileSprt } from './sequential/quantile-sequences.js';
export { type Moments, computeMoments } from './samples/moments.js';
export { type Rate, rateTest, type RateTestResult } from './tests/rates.js';
export {
  blockBootstrap,
  type BlockBootstrapOptions,
  type BootstrapInterval,
} from './tests/block-bootstrap.js';
export { type LeadTime, leadTime } from './metrics/lead-time.js';
