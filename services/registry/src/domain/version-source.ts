import { normalizeArtifactPath } from './artifact-path.js';

/** Where a client says that the files of a new version are. */
export type VersionSource =
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'version'; readonly modelName: string; readonly version: number }
  | { readonly kind: 'uri'; readonly uri: string };

/** `runs:/ID/path` names artifacts of a run, `models:/NAME/VERSION` those of another version. */
export function parseVersionSource(source: string): VersionSource {
  const [, runId, path] = /^runs:\/+([^/]+)\/(.+)$/.exec(source) ?? [];
  if (runId !== undefined && path !== undefined) {
    return { kind: 'run', runId, path: normalizeArtifactPath(path.replace(/\/+$/, '')) };
  }
  const [, modelName, version] = /^models:\/+([^/]+)\/(\d+)$/.exec(source) ?? [];
  if (modelName !== undefined) return { kind: 'version', modelName, version: Number(version) };
  return { kind: 'uri', uri: source };
}
