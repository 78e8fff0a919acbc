import { Injectable } from '@nestjs/common';
import { foldEvent } from '../domain/fold-event.js';
import { Overview } from '../domain/overview.js';
import { Ledger, type LedgerEntry } from './ports.js';

/** Keeps low-rate events in the ledger and folds them into the overview. */
@Injectable()
export class RecordEvents {
  constructor(
    private readonly ledger: Ledger,
    private readonly overview: Overview,
  ) {}

  async execute(entries: readonly LedgerEntry[]): Promise<void> {
    await this.ledger.append(entries);
    for (const entry of entries) foldEvent(this.overview, entry);
  }
}
