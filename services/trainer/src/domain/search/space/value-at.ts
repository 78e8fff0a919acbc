import { onGrid, snap, stepOf, type Parameter, type ParameterValue } from './search-space.js';

/**
 * The value at a share of the domain, 0 <= share < 1: equal shares for the choices and for the steps, else linear, or
 * linear in the logarithm. Shares that are uniform make values that are.
 */
export function valueAt(parameter: Parameter, share: number): ParameterValue {
  if (parameter.kind === 'categorical') {
    const { choices } = parameter;
    const choice = choices[Math.min(choices.length - 1, Math.floor(share * choices.length))];
    if (choice === undefined) throw new RangeError('A parameter without choices was resolved');
    return choice;
  }
  const { low, high, log } = parameter;
  if (low === high) return low;
  const step = stepOf(parameter);
  if (log === true) {
    // A whole number owns half a step on either side, as an unlogged one does.
    const margin = (step ?? 0) / 2;
    const [from, to] = [Math.log(low - margin), Math.log(high + margin)];
    return snap(parameter, Math.exp(from + share * (to - from)));
  }
  if (step === undefined) return Math.min(high, low + share * (high - low));
  const steps = Math.round((high - low) / step) + 1;
  return Math.min(high, onGrid(low, step, Math.min(steps - 1, Math.floor(share * steps))));
}
