import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { ApplyRolloutCommand, RolloutNotFoundError } from '../../application/apply-rollout-command.js';
import { DeliveryRepository } from '../../application/ports.js';
import { RollBackModel } from '../../application/roll-back-model.js';
import { StartRollout } from '../../application/start-rollout.js';
import { percentOf, type Rollout } from '../../domain/rollout/rollout.js';

const listQuery = z.object({
  model: z.string().min(1).max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
const commandReason = {
  reason: z.string().min(1).max(2_000).default('asked for by hand'),
  actor: z.string().max(256).optional(),
};
const startBody = z.strictObject({
  modelName: z.string().min(1).max(512),
  modelVersion: z.number().int().positive(),
  ...commandReason,
});
const commandBody = z.strictObject(commandReason).prefault({});
const rollbackBody = z
  .strictObject({ toVersion: z.number().int().positive().optional(), ...commandReason })
  .prefault({});
const rolloutCommand = z.enum(['pause', 'resume', 'promote', 'abort']);

@Controller('v1')
export class RolloutsController {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly startRollout: StartRollout,
    private readonly applyRolloutCommand: ApplyRolloutCommand,
    private readonly rollBackModel: RollBackModel,
  ) {}

  @Get('rollouts')
  async list(@Query(zod(listQuery)) { model, limit }: z.output<typeof listQuery>): Promise<object> {
    const rollouts = await this.deliveries.findRollouts({ modelName: model, limit });
    return { rollouts: rollouts.map(toView) };
  }

  @Get('rollouts/:id')
  async one(@Param('id') id: string): Promise<object> {
    const rollout = await this.deliveries.findRollout(id);
    if (rollout === undefined) throw new RolloutNotFoundError(id);
    return toView(rollout);
  }

  @Post('rollouts')
  async start(@Body(zod(startBody)) body: z.output<typeof startBody>): Promise<object> {
    const { modelName, modelVersion, reason, actor } = body;
    return toView(await this.startRollout.execute(modelName, modelVersion, { reason, actor }));
  }

  @Post('rollouts/:id/:steering')
  @HttpCode(200)
  async steer(
    @Param('id') id: string,
    @Param('steering', zod(rolloutCommand)) command: z.output<typeof rolloutCommand>,
    @Body(zod(commandBody)) { reason, actor }: z.output<typeof commandBody>,
  ): Promise<object> {
    return toView(await this.applyRolloutCommand.execute(id, command, { reason, actor }));
  }

  @Post('models/:name/rollback')
  @HttpCode(200)
  async rollBack(
    @Param('name') name: string,
    @Body(zod(rollbackBody)) { toVersion, reason, actor }: z.output<typeof rollbackBody>,
  ): Promise<object> {
    const rollout = await this.rollBackModel.execute(name, toVersion, { reason, actor });
    return rollout === undefined ? {} : toView(rollout);
  }
}

/** A rollout as the console and people read it: state, newest evidence (value, threshold, rows) and every decision. */
function toView(rollout: Rollout): object {
  const { candidate, baseline, policy, statistics, ...rest } = rollout;
  return {
    ...rest,
    modelVersion: candidate.modelVersion,
    baselineVersion: baseline?.modelVersion,
    percent: percentOf(rollout),
    steps: policy.steps,
    evidence: rollout.decisions.findLast(({ evidence }) => evidence.length > 0)?.evidence ?? [],
    counts: {
      baseline: { predictions: statistics.baseline.predictions, errors: statistics.baseline.errors },
      canary: { predictions: statistics.canary.predictions, errors: statistics.canary.errors },
      scoredByBoth: statistics.paired.rows,
      withOutcome: statistics.outcomes.rows,
    },
  };
}
