import { type Database, type Transaction } from '@headrace/database';
import { type PendingEvent } from '@headrace/messaging';
import {
  type DriftReport,
  DriftRepository,
  type ModelUnitOfWork,
  type PerformanceReport,
  type ScoredPrediction,
  type StoredOutcome,
  type StoredPrediction,
} from '../../application/ports.js';
import { type ModelWatch } from '../../domain/model-watch.js';

interface LabelledRow {
  readonly prediction_id: string;
  readonly event_time: Date;
  readonly probability: number;
  readonly label: number;
}

class TypeormModelUnitOfWork implements ModelUnitOfWork {
  constructor(
    private readonly modelName: string,
    readonly watch: ModelWatch | undefined,
    private readonly transaction: Transaction,
  ) {}

  async save(watch: ModelWatch): Promise<void> {
    await this.query('UPDATE drift.watch SET state = $2 WHERE model_name = $1', [
      this.modelName,
      JSON.stringify(watch),
    ]);
  }

  async saveReport(report: DriftReport): Promise<void> {
    await this.query(
      `INSERT INTO drift.report (drift_id, model_name, closed_at, report) VALUES ($1, $2, $3, $4)
       ON CONFLICT (drift_id) DO UPDATE SET closed_at = excluded.closed_at, report = excluded.report`,
      [report.driftId, report.modelName, report.closedAt, JSON.stringify(report)],
    );
  }

  async savePerformance(report: PerformanceReport): Promise<void> {
    await this.query(
      'INSERT INTO drift.performance (model_name, model_version, measured_at, report) VALUES ($1, $2, $3, $4)',
      [report.modelName, report.modelVersion, report.measuredAt, JSON.stringify(report)],
    );
  }

  async addPredictions(predictions: readonly StoredPrediction[], label: string): Promise<void> {
    if (predictions.length === 0) return;
    await this.query(
      `INSERT INTO drift.prediction
         (prediction_id, model_name, model_version, system_id, event_time, probability, label_name, label)
       SELECT p."predictionId", $2, p."modelVersion", p."systemId", p."eventTime", p.probability, $3, o.value
       FROM jsonb_to_recordset($1::jsonb) AS p ("predictionId" text, "modelVersion" int, "systemId" text,
         "eventTime" timestamptz, probability double precision)
       LEFT JOIN drift.outcome o
         ON o.label_name = $3 AND o.system_id = p."systemId" AND o.event_time = p."eventTime"
       ON CONFLICT (prediction_id) DO NOTHING`,
      [JSON.stringify(predictions), this.modelName, label],
    );
  }

  async countLabelledByVersion(): Promise<
    readonly { readonly version: number; readonly labelled: number }[]
  > {
    return this.query(
      `SELECT model_version AS version, count(*)::int AS labelled FROM drift.prediction
       WHERE model_name = $1 AND label IS NOT NULL AND NOT measured GROUP BY model_version ORDER BY model_version`,
      [this.modelName],
    );
  }

  async findLabelled(version: number, limit: number): Promise<readonly ScoredPrediction[]> {
    const rows = await this.query<LabelledRow>(
      `SELECT prediction_id, event_time, probability, label FROM drift.prediction
       WHERE model_name = $1 AND model_version = $2 AND label IS NOT NULL AND NOT measured
       ORDER BY event_time, prediction_id LIMIT $3`,
      [this.modelName, version, limit],
    );
    return rows.map((row) => ({
      predictionId: row.prediction_id,
      eventTime: row.event_time,
      probability: row.probability,
      label: row.label,
    }));
  }

  async markMeasured(predictionIds: readonly string[]): Promise<void> {
    await this.query('UPDATE drift.prediction SET measured = true WHERE prediction_id = ANY($1::text[])', [
      predictionIds,
    ]);
  }

  async countPredictions(version: number, from: Date, to: Date): Promise<number> {
    const rows = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM drift.prediction
       WHERE model_name = $1 AND model_version = $2 AND event_time BETWEEN $3 AND $4`,
      [this.modelName, version, from, to],
    );
    return rows[0]?.count ?? 0;
  }

  emit(...events: readonly PendingEvent[]): Promise<void> {
    return this.transaction.emit(...events);
  }

  claim(handler: string, eventId: string): Promise<boolean> {
    return this.transaction.claim(handler, eventId);
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.transaction.manager.query<Row[]>(sql, parameters);
  }
}

/** The state of each model is one row that a unit of work locks; predictions and outcomes are joined by system and event time. */
export class TypeormDriftRepository extends DriftRepository {
  constructor(private readonly database: Database) {
    super();
  }

  async findModelNames(): Promise<readonly string[]> {
    const rows = await this.query<{ model_name: string }>(
      `SELECT model_name FROM drift.watch WHERE state -> 'champion' IS NOT NULL ORDER BY model_name`,
      [],
    );
    return rows.map((row) => row.model_name);
  }

  change<T>(modelName: string, work: (unit: ModelUnitOfWork) => Promise<T>): Promise<T> {
    return this.database.transaction(async (transaction) => {
      // The row must exist before it can be locked; otherwise two processes could both start from an empty state.
      await transaction.manager.query(
        'INSERT INTO drift.watch (model_name) VALUES ($1) ON CONFLICT DO NOTHING',
        [modelName],
      );
      const rows = await transaction.manager.query<{ state: ModelWatch | null }[]>(
        'SELECT state FROM drift.watch WHERE model_name = $1 FOR UPDATE',
        [modelName],
      );
      return work(new TypeormModelUnitOfWork(modelName, rows[0]?.state ?? undefined, transaction));
    });
  }

  async addOutcomes(outcomes: readonly StoredOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await this.database.transaction(async ({ manager }) => {
      const rows = JSON.stringify(outcomes);
      const recordset = `jsonb_to_recordset($1::jsonb) AS o (label text, "systemId" text, "eventTime" timestamptz, value double precision)`;
      await manager.query(
        `INSERT INTO drift.outcome (label_name, system_id, event_time, value)
         SELECT o.label, o."systemId", o."eventTime", o.value FROM ${recordset} ON CONFLICT DO NOTHING`,
        [rows],
      );
      await manager.query(
        `UPDATE drift.prediction p SET label = o.value FROM ${recordset}
         WHERE p.label IS NULL AND p.label_name = o.label AND p.system_id = o."systemId" AND p.event_time = o."eventTime"`,
        [rows],
      );
    });
  }

  async findWatch(modelName: string): Promise<ModelWatch | undefined> {
    const rows = await this.query<{ state: ModelWatch | null }>(
      'SELECT state FROM drift.watch WHERE model_name = $1',
      [modelName],
    );
    return rows[0]?.state ?? undefined;
  }

  async findLatestReport(modelName: string): Promise<DriftReport | undefined> {
    const rows = await this.query<{ report: DriftReport }>(
      'SELECT report FROM drift.report WHERE model_name = $1 ORDER BY closed_at DESC LIMIT 1',
      [modelName],
    );
    return rows[0]?.report;
  }

  async findLatestPerformance(modelName: string): Promise<readonly PerformanceReport[]> {
    const rows = await this.query<{ report: PerformanceReport }>(
      `SELECT DISTINCT ON (model_version) report FROM drift.performance
       WHERE model_name = $1 ORDER BY model_version DESC, measured_at DESC`,
      [modelName],
    );
    return rows.map(({ report }) => report);
  }

  async deleteStoredBefore(before: Date): Promise<void> {
    await this.database.transaction(async ({ manager }) => {
      // An outcome and a prediction that were written concurrently did not see each other.
      await manager.query(
        `UPDATE drift.prediction p SET label = o.value FROM drift.outcome o
         WHERE p.label IS NULL AND p.label_name = o.label_name AND p.system_id = o.system_id AND p.event_time = o.event_time`,
      );
      // By arrival, not by event time: a replayed past is recent data.
      await manager.query('DELETE FROM drift.prediction WHERE stored_at < $1', [before]);
      await manager.query('DELETE FROM drift.outcome WHERE stored_at < $1', [before]);
      await manager.query(
        `DELETE FROM drift.report WHERE drift_id IN (
           SELECT drift_id FROM (SELECT drift_id, row_number() OVER (PARTITION BY model_name ORDER BY closed_at DESC) AS place
             FROM drift.report) ranked WHERE place > 500)`,
      );
    });
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.manager.query<Row[]>(sql, parameters);
  }
}
