import {
  AlertFired,
  AliasChanged,
  ModelVersionCreated,
  RolloutPromoted,
  RolloutRolledBack,
  RolloutStarted,
} from '@headrace/contracts';
import { AppError } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { buildCausalChain, type ChainEvent, type ChainNode } from '../domain/build-causal-chain.js';
import { EventFinder, Ledger } from './ports.js';

export const subjectKinds = ['prediction', 'alert', 'version', 'rollout'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

export class SubjectNotFoundError extends AppError {
  readonly code = 'CONSOLE_NOTHING_KNOWN';
  readonly kind = 'not-found';

  constructor(kind: SubjectKind, id: string) {
    super(
      `No ${kind} with the id ${JSON.stringify(id)} is on record; ids are listed on the console and in the events`,
    );
  }
}

/** Explains why something is as it is: the event that decided it, with the chain of its causes. */
@Injectable()
export class Explain {
  constructor(
    private readonly ledger: Ledger,
    private readonly events: EventFinder,
  ) {}

  async execute(kind: SubjectKind, id: string): Promise<ChainNode> {
    const start = await this.findStart(kind, id);
    if (start === undefined) throw new SubjectNotFoundError(kind, id);
    return buildCausalChain(
      start,
      async (cause, effect) =>
        (await this.ledger.findById(cause)) ?? (await this.events.find(cause, new Date(effect.time))),
    );
  }

  private findStart(kind: SubjectKind, id: string): Promise<ChainEvent | undefined> {
    switch (kind) {
      case 'prediction':
        return this.events.find(id, undefined);
      case 'alert':
        return this.ledger.findNewestAbout(id, [AlertFired.type]);
      case 'version':
        return this.ledger.findNewestAbout(id, [AliasChanged.type, ModelVersionCreated.type]);
      case 'rollout':
        return this.ledger.findNewestAbout(id, [
          RolloutPromoted.type,
          RolloutRolledBack.type,
          RolloutStarted.type,
        ]);
    }
  }
}
