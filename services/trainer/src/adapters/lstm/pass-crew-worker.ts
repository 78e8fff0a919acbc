import { workerData } from 'node:worker_threads';
import { describeError } from '@headrace/kernel';
import { epochOrder } from '../../domain/sequence/batch-order.js';
import { learnPass } from './learn-pass.js';
import { LstmPass } from './lstm-pass.js';
import { openWasmBackend } from './open-backend.js';
import { cell, type CrewWork, matrices } from './pass-crew.js';

const { memory, shape, settings, train, sizes, member, members } = workerData as CrewWork;
const { control, gradients, losses, parameters } = memory;
const size = parameters.length;

try {
  await openWasmBackend();
  const pass = new LstmPass(shape);
  let order: Uint32Array = new Uint32Array(0);
  let epoch = -1;
  let seen = 0;
  for (;;) {
    Atomics.wait(control, cell.batch, seen);
    seen = Atomics.load(control, cell.batch);
    if (seen < 0) break;
    if (epoch !== Atomics.load(control, cell.epoch)) {
      epoch = Atomics.load(control, cell.epoch);
      order = epochOrder(train.label.length, settings.seed, epoch);
    }
    const [from, to] = [Atomics.load(control, cell.from), Atomics.load(control, cell.to)];
    pass.load(matrices(parameters, sizes).map((values) => values.slice()));
    for (let index = member; from + index * settings.rowsPerPass < to; index += members) {
      const begin = from + index * settings.rowsPerPass;
      const task = {
        order,
        from: begin,
        to: Math.min(to, begin + settings.rowsPerPass),
        batchWeight: memory.batchWeight[0] as number,
      };
      losses[index] = learnPass(
        pass,
        shape,
        train,
        settings.distillation,
        task,
        matrices(gradients, sizes, index * size),
      );
    }
    Atomics.add(control, cell.done, 1);
    Atomics.notify(control, cell.done);
  }
  pass.dispose();
} catch (error) {
  new TextEncoder().encodeInto(describeError(error), memory.failure.subarray(0, -1));
  Atomics.store(control, cell.failed, 1);
  Atomics.add(control, cell.done, 1);
  Atomics.notify(control, cell.done);
}
