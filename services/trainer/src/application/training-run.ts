import { Clock } from '@headrace/kernel';
import { ObjectStore } from '@headrace/object-store';
import { type PendingEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { type StepName } from '../domain/training.js';
import { type RoundProgress } from './gradient-booster.js';
import { stepResults, storedNumbers, type StepResult, type StoredArtifact } from './step-results.js';
import { type TrainingPlan } from './training-plan.js';
import {
  type StepRecord,
  type Training,
  type TrainingProgress,
  TrainingRepository,
} from './training-repository.js';
import { type TrainingSet, trainingSetReference, TrainingSets } from './training-sets.js';

export interface RunControl {
  /** Somebody asked for the end. */
  readonly cancelled: AbortController;
  /** The process ends; the training goes on elsewhere or later. */
  readonly shutdown: AbortSignal;
}

/** The time between two writes of the progress. */
const progressEveryMs = 1_000;

/** Takes a training up: from its beginning, or after the last step that a killed process finished. */
@Injectable()
export class TrainingRuns {
  constructor(
    readonly trainings: TrainingRepository,
    readonly trainingSets: TrainingSets,
    readonly objects: ObjectStore,
    readonly clock: Clock,
  ) {}

  async resume(training: Training, control: RunControl): Promise<TrainingRun> {
    await this.trainings.begin(training.id, this.clock.now());
    return new TrainingRun(training, control, await this.trainings.steps(training.id), this);
  }
}

/**
 * One execution of a training, which steps are written against: results of before, the set in memory, the keys of
 * objects, the way to stop. The result of each step is stored before the next one begins, and objects have keys that
 * follow from the training: after a kill the steps that are done are not done again, and the one that was interrupted
 * overwrites what it left.
 */
export class TrainingRun {
  current: StepName | 'start' = 'start';
  attempts: number;
  /** Aborts when the training is cancelled and when the process ends. */
  readonly signal: AbortSignal;
  private readonly done: ReadonlyMap<StepName, unknown>;
  private reference: unknown;
  private loaded: Promise<TrainingSet> | undefined;
  private writing: Promise<void> | undefined;
  private lastWritten = Number.NEGATIVE_INFINITY;

  constructor(
    readonly training: Training,
    private readonly control: RunControl,
    private readonly steps: readonly StepRecord[],
    private readonly stores: TrainingRuns,
  ) {
    this.attempts = training.attempts;
    this.done = new Map(
      steps.flatMap((step) => (step.state === 'done' ? [[step.name, step.result] as const] : [])),
    );
    this.signal = AbortSignal.any([control.cancelled.signal, control.shutdown]);
  }

  get plan(): TrainingPlan {
    return this.training.plan.plan;
  }

  /** As MLflow writes run ids: 32 hexadecimal digits. */
  get runId(): string {
    return this.training.id.replaceAll('-', '');
  }

  get wasCancelled(): boolean {
    return this.control.cancelled.signal.aborted;
  }

  /** Names of the steps that need not be done again. */
  get doneBefore(): readonly StepName[] {
    return [...this.done.keys()];
  }

  /** The stored result of the step, or that of `work`, which is stored before this answers. */
  async step<Name extends StepName>(
    name: Name,
    work: () => Promise<StepResult<Name>>,
  ): Promise<StepResult<Name>> {
    this.current = name;
    const schema = stepResults[name] as unknown as z.ZodType<StepResult<Name>>;
    const result = this.done.has(name)
      ? schema.parse(this.done.get(name))
      : await this.perform(name, schema, work);
    if (name === 'training-set') this.reference = result;
    return result;
  }

  now(): Date {
    return this.stores.clock.now();
  }

  /** What the step stored before it was interrupted; undefined when it begins anew. */
  checkpointOf(name: StepName): unknown {
    return this.steps.find((step) => step.name === name)?.checkpoint;
  }

  /** Stores what the step would go on from, with the facts that have become true, and hears about a cancellation. */
  async checkpoint(name: StepName, value: unknown, facts: readonly PendingEvent[]): Promise<void> {
    const { cancelRequested } = await this.stores.trainings.checkpoint(this.training.id, name, value, facts);
    if (cancelRequested) this.control.cancelled.abort();
    this.signal.throwIfAborted();
  }

  /** The training set, read once. */
  set(): Promise<TrainingSet> {
    this.loaded ??= this.stores.trainingSets.read(trainingSetReference.parse(this.reference));
    return this.loaded;
  }

  get(artifact: StoredArtifact): Promise<Uint8Array> {
    return this.stores.objects.get(artifact.key);
  }

  async put(name: string, bytes: Uint8Array): Promise<StoredArtifact> {
    const key = this.keyOf(name);
    const { digest } = await this.stores.objects.put(key, bytes);
    return { key, digest };
  }

  putJson(name: string, value: unknown): Promise<StoredArtifact> {
    return this.put(name, Buffer.from(JSON.stringify(value)));
  }

  /** Deletes what lies below a name of this run, but for one object. */
  async deleteAllBut(below: string, kept: string): Promise<void> {
    for await (const { key } of this.stores.objects.list(this.keyOf(below))) {
      if (key !== kept) await this.stores.objects.delete(key);
    }
  }

  /** Tells how far a step is, at most once a second, and hears whether somebody asked for the end. */
  report(progress: RoundProgress & Pick<TrainingProgress, 'trial' | 'trials'>): void {
    const now = this.now().getTime();
    if (this.writing !== undefined || now - this.lastWritten < progressEveryMs) return;
    this.lastWritten = now;
    this.writing = this.stores.trainings
      .progress(this.training.id, { ...progress, scores: storedNumbers(progress.scores) })
      .then(
        ({ cancelRequested }) => {
          if (cancelRequested) this.control.cancelled.abort();
        },
        // Progress is told again a second later; the training does not depend on it.
        () => undefined,
      )
      .finally(() => (this.writing = undefined));
  }

  async reported(): Promise<void> {
    await this.writing;
  }

  private keyOf(name: string): string {
    return `models/${this.training.modelName}/${this.runId}/${name}`;
  }

  private async perform<Name extends StepName>(
    name: Name,
    schema: z.ZodType<StepResult<Name>>,
    work: () => Promise<StepResult<Name>>,
  ): Promise<StepResult<Name>> {
    const { trainings, clock } = this.stores;
    this.signal.throwIfAborted();
    await trainings.beginStep(this.training.id, name, clock.now());
    const result = schema.parse(await work());
    await trainings.endStep(this.training.id, name, result, clock.now());
    this.attempts = 0;
    return result;
  }
}
