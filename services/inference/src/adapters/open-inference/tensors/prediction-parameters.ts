/** The ids of the predictions as one parameter: parameters of the protocol are scalars. */
export function toPredictionParameters(predictionIds: readonly string[]): {
  readonly prediction_ids: string;
} {
  return { prediction_ids: predictionIds.join(',') };
}
