import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { admitModelFile, ModelFileRefusedError, type AdmittedFile } from '../domain/admit-model-file.js';
import { parseArtifactUri, runArtifactRoot, toArtifactUri } from '../domain/artifact-path.js';
import { NotFoundError } from '../domain/registry-errors.js';
import { parseVersionSource } from '../domain/version-source.js';
import {
  ArtifactStore,
  ModelLedger,
  ModelRepository,
  RunRepository,
  type ArtifactEntry,
  type ModelVersion,
} from './ports.js';
import { toModelVersionCreated } from './register-trained-model.js';

export interface CreateVersionRequest {
  readonly modelName: string;
  readonly source: string;
  readonly runId: string | undefined;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

interface AdmittedEntry {
  readonly entry: ArtifactEntry;
  readonly file: AdmittedFile;
}

/** Creates a version from files that a client uploaded. It was not validated, so it cannot become champion. */
@Injectable()
export class CreateVersionFromSource {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly artifacts: ArtifactStore,
    private readonly runs: RunRepository,
    private readonly models: ModelRepository,
    private readonly clock: Clock,
  ) {}

  async execute(request: CreateVersionRequest): Promise<ModelVersion> {
    const source = await this.resolveSource(request.source);
    const root = parseArtifactUri(source);
    const admitted = await this.admitFiles(root, source);
    const model = pickModel(admitted, source);
    const { file } = model;
    return this.ledger.change(async (unit) => {
      const version = await unit.addVersion(
        {
          ...request,
          source,
          digest: model.entry.digest,
          artifactKey: model.entry.objectKey,
          onnx: file.kind === 'onnx',
          artifacts: Object.fromEntries(
            admitted
              .filter((other) => other !== model)
              .map(({ entry }) => [
                entry.path.slice(root.length + 1),
                { key: entry.objectKey, digest: entry.digest },
              ]),
          ),
          featureNames: file.kind === 'onnx' ? file.model.featureNames : [],
          members: file.kind === 'onnx' ? file.model.outputs.map(({ name }) => ({ name, kind: 'onnx' })) : [],
          label: '',
          metrics: {},
          evidence: [],
          training: undefined,
          validated: false,
        },
        false,
        this.clock.now(),
      );
      if (version.onnx) await unit.emit(toModelVersionCreated(version, undefined));
      return version;
    });
  }

  /** @returns the URI of the artifacts that the client named by a run or by another version */
  private async resolveSource(text: string): Promise<string> {
    const source = parseVersionSource(text);
    switch (source.kind) {
      case 'run': {
        const run = await this.runs.load(source.runId);
        return toArtifactUri(`${runArtifactRoot(run.experimentId, run.id)}/${source.path}`);
      }
      case 'version':
        return (await this.models.loadVersion(source.modelName, source.version)).source;
      case 'uri':
        return source.uri;
    }
  }

  private async admitFiles(root: string, source: string): Promise<readonly AdmittedEntry[]> {
    const entries = await this.artifacts.listBelow(root);
    if (entries.length === 0) throw new NotFoundError('artifact', source);
    const admitted: AdmittedEntry[] = [];
    for (const entry of entries) {
      const content = await this.artifacts.readContent({ key: entry.objectKey, digest: entry.digest });
      admitted.push({ entry, file: admitModelFile(entry.path, content) });
    }
    return admitted;
  }
}

/** The file that the version is about: ONNX before UBJ before JSON, `model.*` before other names. */
function pickModel(admitted: readonly AdmittedEntry[], source: string): AdmittedEntry {
  for (const kind of ['onnx', 'ubj', 'json'] as const) {
    const found = admitted.filter(({ file }) => file.kind === kind);
    const named = found.find(({ entry }) => /(^|\/)model\.[a-z]+$/.test(entry.path));
    const chosen = named ?? found[0];
    if (chosen !== undefined) return chosen;
  }
  throw new ModelFileRefusedError(source, 'it holds no model file');
}
