import { zod } from '@headrace/service-host';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { DeliveryRepository } from '../../application/ports.js';
import { StartRollout } from '../../application/start-rollout.js';
import { RolloutUnknownError, SteerRollout } from '../../application/steer-rollout.js';
import { percentOf, type Rollout } from '../../domain/rollout/rollout.js';

const listQuery = z.object({
  model: z.string().min(1).max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
const startBody = z.strictObject({
  modelName: z.string().min(1).max(512),
  modelVersion: z.number().int().positive(),
  reason: z.string().min(1).max(2_000).default('asked for by hand'),
  actor: z.string().max(256).optional(),
});
const wishBody = z
  .strictObject({
    reason: z.string().min(1).max(2_000).default('asked for by hand'),
    actor: z.string().max(256).optional(),
  })
  .prefault({});
const rollbackBody = z
  .strictObject({
    toVersion: z.number().int().positive().optional(),
    reason: z.string().min(1).max(2_000).default('asked for by hand'),
    actor: z.string().max(256).optional(),
  })
  .prefault({});
const steering = z.enum(['pause', 'resume', 'promote', 'abort']);

@Controller('v1')
export class RolloutsController {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly startRollout: StartRollout,
    private readonly steerRollout: SteerRollout,
  ) {}

  @Get('rollouts')
  async list(@Query(zod(listQuery)) { model, limit }: z.output<typeof listQuery>): Promise<object> {
    const rollouts = await this.deliveries.rollouts({ modelName: model, limit });
    return { rollouts: rollouts.map(viewOf) };
  }

  @Get('rollouts/:id')
  async one(@Param('id') id: string): Promise<object> {
    const rollout = await this.deliveries.rollout(id);
    if (rollout === undefined) throw new RolloutUnknownError(id);
    return viewOf(rollout);
  }

  @Post('rollouts')
  async start(@Body(zod(startBody)) body: z.output<typeof startBody>): Promise<object> {
    const { modelName, modelVersion, reason, actor } = body;
    return viewOf(await this.startRollout.execute(modelName, modelVersion, { reason, actor }));
  }

  @Post('rollouts/:id/:steering')
  @HttpCode(200)
  async steer(
    @Param('id') id: string,
    @Param('steering', zod(steering)) wanted: z.output<typeof steering>,
    @Body(zod(wishBody)) { reason, actor }: z.output<typeof wishBody>,
  ): Promise<object> {
    return viewOf(await this.steerRollout.execute(id, wanted, { reason, actor }));
  }

  @Post('models/:name/rollback')
  @HttpCode(200)
  async rollBack(
    @Param('name') name: string,
    @Body(zod(rollbackBody)) { toVersion, reason, actor }: z.output<typeof rollbackBody>,
  ): Promise<object> {
    const rollout = await this.steerRollout.rollBack(name, toVersion, { reason, actor });
    return rollout === undefined ? {} : viewOf(rollout);
  }
}

/** What people and the console read: the state, the last evidence with value, threshold and rows, every decision. */
function viewOf(rollout: Rollout): object {
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
