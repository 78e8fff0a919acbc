import { epochOrder } from '../../domain/sequence/batch-order.js';
import { type PackedWeights } from '../../domain/sequence/packed-weights.js';
import { type SequenceSettings } from '../../application/sequence-settings.js';
import { learnPass, type ScaledSequences, weightOf } from './learn-pass.js';
import { type LstmPass, type NetworkShape } from './lstm-pass.js';
import { PassCrew } from './pass-crew.js';

export interface BatchSum {
  /** Of weight x loss over the batch. */
  readonly lossSum: number;
  readonly weight: number;
}

/**
 * The gradient of one batch after another: the passes are shared by the threads, and their gradients are added up in the
 * order of the passes, by this thread alone. So the bits depend on `rowsPerPass`, never on the number of threads.
 */
export class BatchLearner {
  private readonly crew: PassCrew | undefined;
  private readonly members: number;
  private readonly own: readonly Float64Array[];
  private ordered: { readonly epoch: number; readonly order: Uint32Array } | undefined;

  constructor(
    private readonly pass: LstmPass,
    private readonly shape: NetworkShape,
    private readonly train: ScaledSequences,
    private readonly settings: SequenceSettings,
    private readonly sizes: readonly number[],
    threads: number,
  ) {
    const passes = Math.ceil(Math.min(settings.batchSize, train.label.length) / settings.rowsPerPass);
    this.members = Math.max(1, Math.min(threads, passes));
    this.own = sizes.map((size) => new Float64Array(size));
    if (this.members > 1) this.crew = PassCrew.start(this.members, { shape, settings, train, sizes }, passes);
  }

  /** Sets `gradients` to the gradient of the mean loss of the places [from, to) of the epoch's order. */
  learn(
    parameters: PackedWeights,
    epoch: number,
    from: number,
    to: number,
    gradients: readonly Float64Array[],
  ): BatchSum {
    const order = this.orderOf(epoch);
    let weight = 0;
    for (let at = from; at < to; at += 1) weight += weightOf(this.train, order[at] as number);
    for (const gradient of gradients) gradient.fill(0);
    if (weight === 0) return { lossSum: 0, weight };
    this.crew?.begin({ epoch, from, to, weight }, parameters);
    this.pass.load(parameters);
    const { rowsPerPass, distillation } = this.settings;
    let lossSum = 0;
    const passes = Math.ceil((to - from) / rowsPerPass);
    for (let index = 0; index < passes; index += this.members) {
      const begin = from + index * rowsPerPass;
      const task = { order, from: begin, to: Math.min(to, begin + rowsPerPass), batchWeight: weight };
      const target = this.crew?.gradientsOf(index, this.sizes) ?? this.own;
      const loss = learnPass(this.pass, this.shape, this.train, distillation, task, target);
      if (this.crew) this.crew.memory.losses[index] = loss;
      else {
        add(gradients, target);
        lossSum += loss;
      }
    }
    if (this.crew) {
      this.crew.join();
      for (let index = 0; index < passes; index += 1) {
        add(gradients, this.crew.gradientsOf(index, this.sizes));
        lossSum += this.crew.memory.losses[index] as number;
      }
    }
    return { lossSum, weight };
  }

  close(): void {
    this.crew?.close();
  }

  private orderOf(epoch: number): Uint32Array {
    if (this.ordered?.epoch !== epoch) {
      this.ordered = { epoch, order: epochOrder(this.train.label.length, this.settings.seed, epoch) };
    }
    return this.ordered.order;
  }
}

function add(total: readonly Float64Array[], part: readonly Float64Array[]): void {
  for (const [index, sum] of total.entries()) {
    const values = part[index] as Float64Array;
    for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] as number) + (values[at] as number);
  }
}
