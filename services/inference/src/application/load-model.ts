import { AppError, digestOf, SeededRandom } from '@headrace/kernel';
import { ObjectStore } from '@headrace/object-store';
import {
  checkModel,
  compileClasses,
  compileTrees,
  collectTrees,
  selectOutput,
  proofRows,
  proveEqual,
  type CheckedModel,
  type Proof,
  type ReferenceRun,
  type TreeClasses,
  type TreeEnsemble,
} from '@headrace/onnx';
import { Injectable } from '@nestjs/common';
import { type DesiredShare } from '../domain/resolve-desired-split.js';
import { scoreByClasses, scoreBySession, scoreByTrees, type LoadedModel } from './loaded-model.js';
import { GraphRuntime, type GraphSession } from './ports.js';

/** The stored file is not the one that was registered. */
export class ModelDigestMismatchError extends AppError {
  readonly code = 'INFERENCE_MODEL_DIGEST_MISMATCH';
  readonly kind = 'invalid';

  constructor(key: string, expected: string, found: string) {
    super(
      `The object ${key} has the digest ${found}, the registered model has ${expected}; it is not loaded`,
    );
  }
}

/** The file and the registry disagree about the columns: every answer would be wrong without any sign of it. */
export class ModelColumnsMismatchError extends AppError {
  readonly code = 'INFERENCE_MODEL_COLUMNS_MISMATCH';
  readonly kind = 'invalid';

  constructor(modelVersion: number, column: number, registered: string, found: string) {
    super(
      `Version ${modelVersion} is registered with ${registered} as column ${column} and its file has ${found}; it is not loaded`,
    );
  }
}

const proofSize = 512;
const warmUpRounds = 40;

/**
 * Fetches a version, verifies its digest, checks the file, proves the compiled scorer equal to onnxruntime on rows chosen
 * to reveal differences, and warms it. Only models that this returns may answer.
 */
@Injectable()
export class LoadModel {
  constructor(
    private readonly objects: ObjectStore,
    private readonly runtime: GraphRuntime,
  ) {}

  async execute(modelName: string, share: DesiredShare): Promise<LoadedModel> {
    const started = performance.now();
    const content = await this.objects.get(share.artifactKey);
    const digest = digestOf(content);
    if (digest !== share.digest) {
      throw new ModelDigestMismatchError(share.artifactKey, share.digest, digest);
    }
    const model = checkModel(content);
    checkColumns(share, model);
    const session = await this.runtime.open(model);
    try {
      const part = await buildScoring(model, session);
      return {
        modelName,
        modelVersion: share.modelVersion,
        digest,
        featureNames: model.featureNames,
        inputs: model.inputs,
        outputs: model.outputs,
        metadata: model.metadata,
        loadMs: performance.now() - started,
        ...part,
      };
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

type Scoring = Pick<LoadedModel, 'scorer' | 'proof' | 'score' | 'close'>;

function buildScoring(model: CheckedModel, session: GraphSession): Promise<Scoring> {
  if (model.trees !== undefined) return buildTreeScoring(model, model.trees, session);
  return model.classes === undefined
    ? buildGraphScoring(model, session)
    : buildClassScoring(model, model.classes, session);
}

async function buildTreeScoring(
  model: CheckedModel,
  trees: TreeEnsemble,
  session: GraphSession,
): Promise<Scoring> {
  const scorer = compileTrees(trees);
  const rows = proofRows(trees, proofSize, new SeededRandom(1));
  const score = scoreByTrees(
    scorer,
    model.outputs.map(({ name }) => name),
  );
  const proof = await proveEqual(scorer, referenceRun(session, model, 'probability'), rows);
  return warmUp(model, session, rows, score, proof);
}

/** Every output is proved: each adds up other classes. */
async function buildClassScoring(
  model: CheckedModel,
  classes: TreeClasses,
  session: GraphSession,
): Promise<Scoring> {
  const scorer = compileClasses(classes);
  const rows = proofRows(collectTrees(classes), proofSize, new SeededRandom(1));
  const proofs: Proof[] = [];
  for (const name of scorer.outputNames) {
    proofs.push(await proveEqual(selectOutput(scorer, name), referenceRun(session, model, name), rows));
  }
  const proof = {
    rows: Math.min(...proofs.map((one) => one.rows)),
    largestDifference: Math.max(...proofs.map((one) => one.largestDifference)),
  };
  return warmUp(model, session, rows, scoreByClasses(scorer), proof);
}

function referenceRun(session: GraphSession, { featureNames }: CheckedModel, output: string): ReferenceRun {
  return async (features, count) => {
    const answers = await session.run({
      features: { values: features, shape: [count, featureNames.length] },
    });
    return answers.get(output) ?? new Float32Array(0);
  };
}

/** Warms a proved scorer and closes the session that it was proved against. */
async function warmUp(
  { featureNames }: CheckedModel,
  session: GraphSession,
  rows: Float32Array,
  score: LoadedModel['score'],
  proof: Proof,
): Promise<Scoring> {
  for (let round = 0; round < warmUpRounds; round += 1) {
    const size = round % 2 === 0 ? 1 : proofSize;
    await score({ features: { values: rows, shape: [size, featureNames.length] } }, size);
  }
  await session.close();
  return { scorer: 'compiled-trees', proof, score, close: () => Promise.resolve() };
}

async function buildGraphScoring(model: CheckedModel, session: GraphSession): Promise<Scoring> {
  const score = scoreBySession(
    session,
    model.inputs,
    model.outputs.map(({ name }) => name),
  );
  // onnxruntime is its own reference: the warm-up proves that the model runs, for one row and for several.
  for (const rows of [1, 3]) {
    const inputs = model.inputs.map(({ name, shape }) => {
      const full = shape.map((size, axis) => (axis === 0 ? rows : size === -1 ? 1 : size));
      return [name, { values: new Float32Array(full.reduce((a, b) => a * b, 1)), shape: full }] as const;
    });
    await score(Object.fromEntries(inputs), rows);
  }
  return {
    scorer: 'onnxruntime',
    proof: { rows: 0, largestDifference: 0 },
    score,
    close: () => session.close(),
  };
}

function checkColumns({ modelVersion, featureNames }: DesiredShare, model: CheckedModel): void {
  if (featureNames.length === 0) return;
  const columns = Math.max(featureNames.length, model.featureNames.length);
  for (let column = 0; column < columns; column += 1) {
    const registered = featureNames[column];
    const found = model.featureNames[column];
    if (registered !== found) {
      throw new ModelColumnsMismatchError(modelVersion, column, registered ?? 'nothing', found ?? 'nothing');
    }
  }
}
