import { causedBy, ModelVersionCreated, type Cause, type ModelTrained } from '@headrace/contracts';
import { Clock, deterministicId, digestOf } from '@headrace/kernel';
import { eventOf, type ReceivedEvent, type PendingEvent } from '@headrace/messaging';
import { Injectable } from '@nestjs/common';
import { admitModelFile, ModelFileRefusedError } from '../domain/admit-model-file.js';
import { toArtifactUri } from '../domain/artifact-path.js';
import { ArtifactStore, ModelLedger, type ModelVersion, type StoredFile } from './ports.js';

/** Records a trained model as a run and a version, and announces the version, in one transaction. */
@Injectable()
export class RegisterTrainedModel {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly artifacts: ArtifactStore,
    private readonly clock: Clock,
  ) {}

  async execute(event: ReceivedEvent<typeof ModelTrained>): Promise<void> {
    const { payload } = event;
    // Verified before the transaction, because reading the files takes time.
    const model = { key: payload.artifactKey, digest: payload.digest };
    const files: Record<string, StoredFile> = { ...payload.artifacts };
    const sizes = await this.admitFiles({ ...files, 'model.onnx': model });
    await this.ledger.change(async (unit) => {
      if (!(await unit.claim('register-trained-model', event.id))) return;
      const root = await unit.saveFinishedRun({
        runId: payload.runId,
        experiment: payload.modelName,
        name: payload.trainingId,
        userId: 'trainer',
        startedAt: new Date(payload.startedAt),
        finishedAt: new Date(payload.finishedAt),
        parameters: Object.fromEntries(
          Object.entries(payload.parameters).map(([name, value]) => [name, String(value)]),
        ),
        metrics: dropMissing(payload.metrics),
        tags: {
          'headrace.training_id': payload.trainingId,
          'headrace.reason': payload.reason,
          'headrace.library': payload.library,
          'headrace.validated': String(payload.validated),
          'headrace.training_set': payload.trainingSet.digest,
        },
        files: toRunFiles({ ...files, 'model.onnx': model }, sizes),
      });
      const version = await unit.addVersion(
        {
          modelName: payload.modelName,
          source: toArtifactUri(`${root}/model`),
          runId: payload.runId,
          runLink: '',
          description: payload.reason,
          tags: {},
          digest: payload.digest,
          artifactKey: payload.artifactKey,
          onnx: true,
          artifacts: files,
          featureNames: payload.featureNames,
          members: payload.members,
          label: payload.label,
          metrics: payload.metrics,
          evidence: payload.evidence,
          training: { set: payload.trainingSet, library: payload.library, parameters: payload.parameters },
          validated: payload.validated,
        },
        true,
        this.clock.now(),
      );
      await unit.emit(toModelVersionCreated(version, event));
    });
  }

  /** @returns sizes by name */
  private async admitFiles(
    files: Readonly<Record<string, StoredFile>>,
  ): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>();
    for (const [name, file] of Object.entries(files)) {
      const content = await this.artifacts.readContent(file);
      const digest = digestOf(content);
      if (digest !== file.digest) {
        throw new ModelFileRefusedError(name, `its digest is ${digest} and ${file.digest} was announced`);
      }
      admitModelFile(addExtension(name, file.key), content);
      sizes.set(name, content.byteLength);
    }
    return sizes;
  }
}

export function toModelVersionCreated(
  version: ModelVersion,
  cause: Cause | undefined,
): PendingEvent<typeof ModelVersionCreated> {
  return eventOf(ModelVersionCreated, {
    id: deterministicId('model-version-created', version.modelName, String(version.version), version.digest),
    time: version.createdAt,
    ...causedBy(cause),
    payload: {
      modelName: version.modelName,
      modelVersion: version.version,
      runId: version.runId ?? 'none',
      digest: version.digest,
      artifactKey: version.artifactKey,
      artifacts: version.artifacts,
      featureNames: [...version.featureNames],
      members: [...version.members],
      label: version.label,
      metrics: version.metrics,
      validated: version.validated,
      createdAt: version.createdAt.toISOString(),
    },
  });
}

function dropMissing(metrics: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, number] => entry[1] !== null),
  );
}

function toRunFiles(files: Readonly<Record<string, StoredFile>>, sizes: ReadonlyMap<string, number>) {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [
      `model/${addExtension(name, file.key)}`,
      { ...file, size: sizes.get(name) ?? 0 },
    ]),
  );
}

/** Artifacts are named by their purpose (`reference`). The extension is that of the object. */
function addExtension(name: string, key: string): string {
  if (/\.[a-z0-9]+$/i.test(name)) return name;
  return `${name}${/\.[a-z0-9]+$/i.exec(key)?.[0] ?? ''}`;
}
