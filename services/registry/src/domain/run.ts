import { assertAcceptsRuns, type Experiment, type KeyValue, type LifecycleStage } from './experiment.js';
import { InvalidStateError, InvalidValueError } from './registry-errors.js';

export const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof runStatuses)[number];

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface Run {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly lifecycleStage: LifecycleStage;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** One point per key. */
  readonly latestMetrics: readonly MetricPoint[];
}

export interface RunRequest {
  readonly userId: string;
  /** Empty: the name is taken from the tags, or made from the id. */
  readonly name: string;
  readonly startMs: number | undefined;
  readonly tags: readonly KeyValue[];
}

export interface NewRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startMs: number;
  readonly tags: readonly KeyValue[];
}

export interface RunUpdate {
  readonly status?: RunStatus | undefined;
  readonly endMs?: number | undefined;
  readonly name?: string | undefined;
}

export interface LogBatch {
  readonly metrics: readonly MetricPoint[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/** The part of a stored run that decides whether a change is allowed. */
export interface RunState {
  readonly id: string;
  readonly lifecycleStage: LifecycleStage;
  /** Stored values of the parameters that the change names. */
  readonly params: ReadonlyMap<string, string>;
}

/** What is written to a run. Fields that are undefined stay as they are. */
export interface RunChange extends RunUpdate {
  /** Parameters that the run does not have yet. */
  readonly params: readonly KeyValue[];
  /** One value per key. */
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly MetricPoint[];
  /** The latest of `metrics` per key. */
  readonly latestMetrics: readonly MetricPoint[];
}

/** MLflow's clients read the name of a run from this tag. */
const nameTag = 'mlflow.runName';

export function startRun(
  experiment: Pick<Experiment, 'id' | 'lifecycleStage'>,
  request: RunRequest,
  id: string,
  now: Date,
): NewRun {
  assertAcceptsRuns(experiment);
  const name = chooseName(request, id);
  return {
    id,
    experimentId: experiment.id,
    name,
    userId: request.userId,
    status: 'RUNNING',
    startMs: request.startMs ?? now.getTime(),
    tags: lastByKey([...request.tags, { key: nameTag, value: name }]),
  };
}

/** A run and its name tag are renamed together. A deleted run can end, but it cannot be renamed. */
export function updateRun(run: RunState, update: RunUpdate): RunChange {
  if (update.name === undefined) return { ...update, params: [], tags: [], metrics: [], latestMetrics: [] };
  const named = logToRun(run, {
    metrics: [],
    params: [],
    tags: [{ key: nameTag, value: update.name }],
  });
  return { ...named, ...update };
}

/** Parameters never change, tags are overwritten, metrics are appended. A deleted run accepts nothing. */
export function logToRun(run: RunState, { metrics, params, tags }: LogBatch): RunChange {
  if (run.lifecycleStage !== 'active') {
    throw new InvalidStateError(`Run ${run.id} is deleted; restore it before logging to it`);
  }
  return {
    params: findNewParams(run, params),
    tags: lastByKey(tags),
    metrics,
    latestMetrics: latestByKey(metrics),
  };
}

function chooseName({ name, tags }: Pick<RunRequest, 'name' | 'tags'>, id: string): string {
  return name || tags.find(({ key }) => key === nameTag)?.value || `run-${id.slice(0, 8)}`;
}

/** Logging a parameter again with the same value changes nothing, so a batch can be retried. */
function findNewParams(run: RunState, logged: readonly KeyValue[]): readonly KeyValue[] {
  const added = new Map<string, string>();
  for (const { key, value } of logged) {
    const current = run.params.get(key) ?? added.get(key);
    if (current === undefined) added.set(key, value);
    else if (current !== value) {
      throw new InvalidValueError(
        `Parameter ${key} of run ${run.id} is ${current} and cannot become ${value}: parameters do not change`,
      );
    }
  }
  return toKeyValues(added);
}

function lastByKey(pairs: readonly KeyValue[]): readonly KeyValue[] {
  return toKeyValues(new Map(pairs.map(({ key, value }) => [key, value])));
}

function latestByKey(points: readonly MetricPoint[]): readonly MetricPoint[] {
  const latest = new Map<string, MetricPoint>();
  for (const point of points) {
    const previous = latest.get(point.key);
    if (previous === undefined || isLater(point, previous)) latest.set(point.key, point);
  }
  return [...latest.values()];
}

/** By step, then time, then value; NaN is above every number, as in PostgreSQL. */
function isLater(point: MetricPoint, other: MetricPoint): boolean {
  if (point.step !== other.step) return point.step > other.step;
  if (point.timestamp !== other.timestamp) return point.timestamp > other.timestamp;
  return Number.isNaN(point.value) || point.value > other.value;
}

function toKeyValues(pairs: ReadonlyMap<string, string>): readonly KeyValue[] {
  return [...pairs].map(([key, value]) => ({ key, value }));
}
