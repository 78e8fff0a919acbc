import { Injectable } from '@nestjs/common';
import { foldEvent } from '../domain/fold-event.js';
import { Overview } from '../domain/overview.js';
import { Ledger } from './ports.js';

const maxRestoredEvents = 2000;

/** Rebuilds the overview from the ledger. Runs at startup, before events arrive. */
@Injectable()
export class RestoreOverview {
  constructor(
    private readonly ledger: Ledger,
    private readonly overview: Overview,
  ) {}

  async execute(): Promise<void> {
    for (const event of await this.ledger.listNewest(maxRestoredEvents)) foldEvent(this.overview, event);
  }
}
