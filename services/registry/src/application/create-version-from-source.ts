import { Clock } from '@headrace/kernel';
import { Injectable } from '@nestjs/common';
import { admitModelFile, ModelFileRefusedError, type AdmittedFile } from '../domain/admit-model-file.js';
import { pathOfUri } from '../domain/artifact-path.js';
import { NotFoundError } from '../domain/registry-errors.js';
import { versionCreated } from './register-trained-model.js';
import { ArtifactCatalogue, ModelLedger, type ArtifactEntry, type ModelVersion } from './ports.js';

export interface VersionRequest {
  readonly modelName: string;
  readonly source: string;
  readonly runId: string | undefined;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

interface Admitted {
  readonly entry: ArtifactEntry;
  readonly file: AdmittedFile;
}

/** Makes a version of files that a client uploaded. It was not validated, so it cannot become champion. */
@Injectable()
export class CreateVersionFromSource {
  constructor(
    private readonly ledger: ModelLedger,
    private readonly artifacts: ArtifactCatalogue,
    private readonly clock: Clock,
  ) {}

  async execute(request: VersionRequest): Promise<ModelVersion> {
    const root = pathOfUri(request.source);
    const entries = await this.artifacts.below(root);
    if (entries.length === 0) throw new NotFoundError('artifact', request.source);
    const admitted: Admitted[] = [];
    for (const entry of entries) {
      const content = await this.artifacts.content({ key: entry.objectKey, digest: entry.digest });
      admitted.push({ entry, file: admitModelFile(entry.path, content) });
    }
    const model = modelOf(admitted, request.source);
    const { file } = model;
    return this.ledger.change(async (change) => {
      const version = await change.addVersion(
        {
          ...request,
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
      if (version.onnx) await change.emit(versionCreated(version, undefined));
      return version;
    });
  }
}

/** The file that the version is about: ONNX before UBJ before JSON, `model.*` before other names. */
function modelOf(admitted: readonly Admitted[], source: string): Admitted {
  for (const kind of ['onnx', 'ubj', 'json'] as const) {
    const found = admitted.filter(({ file }) => file.kind === kind);
    const named = found.find(({ entry }) => /(^|\/)model\.[a-z]+$/.test(entry.path));
    const chosen = named ?? found[0];
    if (chosen !== undefined) return chosen;
  }
  throw new ModelFileRefusedError(source, 'it holds no model file');
}
