import { type CheckedModel } from '@headrace/onnx';

/** Values of one input, row-major, with its shape. */
export interface GraphInput {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A model that runs elsewhere than on the event loop. Runs one call at a time; more wait in order. */
export abstract class GraphSession {
  /** The outputs by name. Rejects when the run failed or took too long; the session is then gone. */
  abstract run(inputs: Readonly<Record<string, GraphInput>>): Promise<ReadonlyMap<string, Float32Array>>;
  abstract close(): Promise<void>;
}

/** Opens models for running. Adapter: OnnxruntimeSessions. */
export abstract class GraphRuntime {
  /** Rejects when the runtime refuses the model; whatever the file does, this process keeps running. */
  abstract open(model: CheckedModel): Promise<GraphSession>;
}

/** The current features of a system. An unknown feature is null, which is not zero. */
export interface FeatureSnapshot {
  readonly features: Readonly<Record<string, number | null>>;
  /** When the newest of them was true; undefined when none is known. */
  readonly eventTime: Date | undefined;
  /** The event that they come from; undefined when the store does not name one. */
  readonly featuresId: string | undefined;
}

/** Reads features as of now. Adapter: FeatureStoreClient. */
export abstract class OnlineFeatures {
  /** Rejects with a retryable error when the store does not answer. */
  abstract read(systemId: string, featureNames: readonly string[]): Promise<FeatureSnapshot>;
}
