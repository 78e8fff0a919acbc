import { type OutcomeObserved } from '@headrace/contracts';
import { Clock } from '@headrace/kernel';
import { type ReceivedEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { countOutcome } from '../domain/evidence/step-statistics.js';
import { withStatistics } from '../domain/rollout/delivery.js';
import { DeliveryRepository } from './ports.js';

/**
 * Adds outcomes to the statistics of the rollouts whose rows they belong to. Taking a waiting score is what counts an
 * outcome once: a second delivery finds none.
 */
@Injectable()
export class CountOutcomes {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly clock: Clock,
  ) {}

  async execute(events: readonly Pick<ReceivedEvent<typeof OutcomeObserved>, 'payload'>[]): Promise<void> {
    await this.deliveries.change(async (unit) => {
      for (const modelName of await unit.findActiveModels()) {
        const delivery = await unit.load(modelName);
        const rollout = delivery.active;
        if (rollout === undefined) continue;
        const { label, threshold, costs } = rollout.policy.outcomes;
        const outcomes = events
          .filter(({ payload }) => payload.label === label)
          .map(({ payload }) => ({ ...payload, eventTime: new Date(payload.eventTime) }));
        if (outcomes.length === 0) continue;
        const values = new Map(
          outcomes.map(({ systemId, eventTime, value }) => [rowKey(systemId, eventTime), value]),
        );
        let { statistics } = rollout;
        for (const score of await unit.takeWaitingScores(rollout.rolloutId, outcomes)) {
          const happened = (values.get(rowKey(score.systemId, score.eventTime)) ?? 0) >= 0.5;
          statistics = countOutcome(statistics, { ...score, happened }, threshold, costs);
        }
        if (statistics === rollout.statistics) continue;
        await unit.save(withStatistics(delivery, rollout, statistics), this.clock.now());
      }
    });
  }
}

function rowKey(systemId: string, eventTime: Date): string {
  return `${eventTime.getTime()}/${systemId}`;
}
