import { DriftDetected, PerformanceMeasured } from '@headrace/contracts';
import { Clock, type Declared, deterministicId } from '@headrace/kernel';
import { eventOf } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { type DriftPolicy } from '../domain/drift-policy.js';
import { judgePerformance } from '../domain/judge-performance.js';
import { type ModelWatch } from '../domain/model-watch.js';
import { DriftGauges } from './drift-gauges.js';
import { DriftPolicies } from './drift-policies.js';
import { DriftRepository, type ModelUnitOfWork, type PerformanceReport } from './ports.js';
import { requestRetraining } from './request-retraining.js';

/** Measures each served version on the predictions whose outcome is known, one window after the other. */
@Injectable()
export class MeasurePerformance {
  constructor(
    private readonly repository: DriftRepository,
    private readonly policies: DriftPolicies,
    private readonly gauges: DriftGauges,
    private readonly clock: Clock,
  ) {}

  /** `now` also measures windows that are neither full nor old enough. */
  async execute(modelName: string, when: 'due' | 'now' = 'due'): Promise<readonly PerformanceReport[]> {
    const policy = this.policies.findFor(modelName);
    const reports = await this.repository.change(modelName, async (unit) => {
      if (!unit.watch) return [];
      const measured: PerformanceReport[] = [];
      let watch = unit.watch;
      for (const { version, labelled } of await this.findVersions(unit, watch)) {
        const fullWindows = Math.floor(labelled / policy.value.performance.window.rows);
        const isDue = when === 'now' || this.isOld(watch, version, policy);
        const windows = Math.max(fullWindows, isDue ? 1 : 0);
        for (let window = 0; window < windows; window += 1) {
          const result = await this.measure(unit, watch, version, policy);
          watch = result.watch;
          measured.push(result.report);
        }
      }
      if (measured.length > 0) await unit.save(watch);
      return measured;
    });
    for (const report of reports) this.gauges.setPerformance(report);
    return reports;
  }

  /** The champion is measured even without any outcome, because no data is a finding. */
  private async findVersions(
    unit: ModelUnitOfWork,
    { champion }: ModelWatch,
  ): Promise<readonly { readonly version: number; readonly labelled: number }[]> {
    const versions = await unit.countLabelledByVersion();
    return !champion || versions.some(({ version }) => version === champion.version)
      ? versions
      : [...versions, { version: champion.version, labelled: 0 }];
  }

  private isOld(watch: ModelWatch, version: number, { value: policy }: Declared<DriftPolicy>): boolean {
    const since = watch.performanceClosedAt[version] ?? watch.champion?.since;
    if (since === undefined) return false;
    return this.clock.now().getTime() - new Date(since).getTime() >= policy.performance.window.seconds * 1000;
  }

  private async measure(
    unit: ModelUnitOfWork,
    watch: ModelWatch,
    version: number,
    policy: Declared<DriftPolicy>,
  ): Promise<{ watch: ModelWatch; report: PerformanceReport }> {
    const now = this.clock.now();
    const { modelName } = watch;
    const rows = await unit.findLabelled(version, policy.value.performance.window.rows);
    await unit.markMeasured(rows.map(({ predictionId }) => predictionId));
    const opened = new Date(watch.performanceClosedAt[version] ?? watch.champion?.since ?? now);
    const [start, end] = [rows[0]?.eventTime ?? opened, rows.at(-1)?.eventTime ?? now];
    const judgement = judgePerformance(rows, policy.value.performance);
    const report: PerformanceReport = {
      modelName,
      modelVersion: version,
      windowStart: start.toISOString(),
      windowEnd: end.toISOString(),
      measuredAt: now.toISOString(),
      predictions: await unit.countPredictions(version, start, end),
      labelled: rows.length,
      verdict: judgement.verdict,
      metrics: Object.fromEntries(
        Object.entries(judgement.metrics).map(([name, value]) => [name, value ?? null]),
      ),
      evidence: judgement.evidence,
    };
    const id = deterministicId(
      'performance',
      modelName,
      String(version),
      opened.toISOString(),
      rows[0]?.predictionId ?? '',
    );
    const last = rows.at(-1);
    await unit.emit(
      eventOf(PerformanceMeasured, {
        id,
        time: now,
        causationIds: last ? [last.predictionId] : [],
        payload: { ...report, metrics: { ...report.metrics }, evidence: [...report.evidence] },
      }),
    );
    await unit.savePerformance(report);
    const closed = { ...watch.performanceClosedAt, [version]: now.toISOString() };
    const next = { ...watch, performanceClosedAt: closed };
    if (version !== watch.champion?.version) return { watch: next, report };
    return { watch: await this.judgeChampion(unit, next, report, policy, id), report };
  }

  private async judgeChampion(
    unit: ModelUnitOfWork,
    watch: ModelWatch,
    report: PerformanceReport,
    policy: Declared<DriftPolicy>,
    causeId: string,
  ): Promise<ModelWatch> {
    if (report.labelled < policy.value.performance.minimumLabelled) return watch;
    const { value: rules, version } = policy;
    const degraded = report.verdict === 'degraded';
    const streak = degraded
      ? watch.streaks.performance + 1
      : report.verdict === 'healthy'
        ? 0
        : watch.streaks.performance;
    const confirmed = streak >= rules.performance.windowsInARow && degraded;
    const announce = confirmed && !watch.announced.includes('performance');
    const now = this.clock.now();
    if (announce) {
      await unit.emit(
        eventOf(DriftDetected, {
          id: deterministicId(causeId, 'performance'),
          time: now,
          causationIds: [causeId],
          payload: {
            driftId: causeId,
            modelName: watch.modelName,
            modelVersion: report.modelVersion,
            kind: 'performance',
            features: [],
            evidence: [...report.evidence],
            windowsInARow: streak,
            policyVersion: version,
            detectedAt: now.toISOString(),
          },
        }),
      );
    }
    const announced = watch.announced.filter((kind) => kind !== 'performance' || streak > 0);
    const next: ModelWatch = {
      ...watch,
      streaks: { ...watch.streaks, performance: streak },
      announced: announce ? [...announced, 'performance'] : announced,
      performance: {
        verdict: degraded && !confirmed ? 'inconclusive' : report.verdict,
        windowEnd: report.windowEnd,
        evidence: report.evidence,
      },
    };
    return (await requestRetraining(unit, next, policy, causeId, now)).watch;
  }
}
