import { AppError } from '@headrace/kernel';
import { type XgboostParameters } from '../../application/xgboost-parameters.js';

/** A plan's parameters, and those that only the caller of the library knows. */
export type BoosterParameters = Partial<XgboostParameters> & { readonly nthread?: number };

/** XGBoost ignores a parameter that it does not know, so an old library would train something else in silence. */
export class ParameterUnsupportedError extends AppError {
  readonly code = 'TRAINER_XGBOOST_PARAMETER_UNSUPPORTED';
  readonly kind = 'unsupported';

  constructor(
    readonly parameter: string,
    since: string,
    version: string,
  ) {
    super(
      `${parameter} needs XGBoost ${since} or newer, and the loaded library is ${version}; leave it out or run npm run xgboost:fetch`,
    );
  }
}

/** What came after 1.7, by the version that brought it. */
const cameWith: readonly (readonly [parameter: string, since: readonly [number, number]])[] = [
  ['objective: reg:quantileerror', [2, 0]],
  ['eval_metric: quantile', [2, 0]],
  ['quantile_alpha', [2, 0]],
  ['multi_strategy', [2, 0]],
  ['lambdarank_pair_method', [2, 0]],
  ['lambdarank_num_pair_per_sample', [2, 0]],
];

/** Throws for the first parameter that this version would not act upon. */
export function requireSupported(parameters: BoosterParameters, version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const names = new Set(
    Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [name, ...[value].flat().map((single) => `${name}: ${String(single)}`)],
    ),
  );
  for (const [parameter, since] of cameWith) {
    if (names.has(parameter) && (major < since[0] || (major === since[0] && minor < since[1]))) {
      throw new ParameterUnsupportedError(parameter, since.join('.'), version);
    }
  }
}

/**
 * The pairs that XGBoost is told, in order. A list of metrics is set one by one, because XGBoost adds them up; other
 * lists are one text, each in the form that its parser wants.
 */
export function encodeParameters(parameters: BoosterParameters): (readonly [name: string, value: string])[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    (value === undefined ? [] : textsOf(name, value)).map((text) => [name, text] as const),
  );
}

function textsOf(name: string, value: NonNullable<BoosterParameters[keyof BoosterParameters]>): string[] {
  if (typeof value === 'boolean') return [value ? '1' : '0'];
  if (!Array.isArray(value)) return [String(value)];
  if (name === 'eval_metric') return value.map(String);
  return [name === 'monotone_constraints' ? `(${value.join(',')})` : JSON.stringify(value)];
}
