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
import { causalChain, type ChainFact, type ChainNode } from '../domain/causal-chain.js';
import { FactFinder, Ledger } from './ports.js';

export const subjectKinds = ['prediction', 'alert', 'version', 'rollout'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

export class NothingKnownError extends AppError {
  readonly code = 'CONSOLE_NOTHING_KNOWN';
  readonly kind = 'not-found';

  constructor(kind: SubjectKind, id: string) {
    super(
      `No ${kind} with the id ${JSON.stringify(id)} is on record; ids are listed on the console and in the events`,
    );
  }
}

/** Answers why something is as it is: the fact that decided it and the chain of causes behind it. */
@Injectable()
export class Explain {
  constructor(
    private readonly ledger: Ledger,
    private readonly facts: FactFinder,
  ) {}

  async execute(kind: SubjectKind, id: string): Promise<ChainNode> {
    const start = await this.startOf(kind, id);
    if (start === undefined) throw new NothingKnownError(kind, id);
    return causalChain(
      start,
      async (cause, effect) =>
        (await this.ledger.byId(cause)) ?? (await this.facts.find(cause, new Date(effect.time))),
    );
  }

  private startOf(kind: SubjectKind, id: string): Promise<ChainFact | undefined> {
    switch (kind) {
      case 'prediction':
        return this.facts.find(id, undefined);
      case 'alert':
        return this.ledger.newestAbout(id, [AlertFired.type]);
      case 'version':
        return this.ledger.newestAbout(id, [AliasChanged.type, ModelVersionCreated.type]);
      case 'rollout':
        return this.ledger.newestAbout(id, [
          RolloutPromoted.type,
          RolloutRolledBack.type,
          RolloutStarted.type,
        ]);
    }
  }
}
