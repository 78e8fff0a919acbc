import { AppError } from '@headrace/kernel';

/** The path could lead out of the artifacts of its run, or systems could read it differently. */
export class ArtifactPathRefusedError extends AppError {
  readonly code = 'REGISTRY_ARTIFACT_PATH_REFUSED';
  readonly kind = 'invalid';

  constructor(path: string, reason: string) {
    super(`Artifact path ${JSON.stringify(path.slice(0, 200))} is refused: ${reason}`);
  }
}

const maxPathLength = 1_024;

const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/**
 * Checks a path relative to the root of all artifacts and returns it in Unicode NFC. The path is decoded until nothing
 * changes, and every intermediate form must be safe: an encoded `..` is refused however often it is encoded.
 */
export function normalizeArtifactPath(path: string): string {
  if (path.length > maxPathLength) throw new ArtifactPathRefusedError(path, `longer than ${maxPathLength}`);
  let reading = path.normalize('NFC');
  const normalized = reading;
  for (let round = 0; round < 5; round += 1) {
    refuseUnsafe(path, reading);
    const next = decodePercent(reading);
    if (next === reading) return normalized;
    reading = next;
  }
  throw new ArtifactPathRefusedError(path, 'it is percent-encoded too many times');
}

function refuseUnsafe(path: string, reading: string): void {
  const refuse = (reason: string): never => {
    throw new ArtifactPathRefusedError(path, reason);
  };
  if (reading === '') refuse('it is empty');
  if (unprintable.test(reading)) refuse('it holds control or direction characters');
  if (reading.includes('\\')) refuse('it holds a backslash');
  if (reading.startsWith('/')) refuse('it is absolute');
  if (/^[a-z][a-z0-9+.-]*:/i.test(reading)) refuse('it begins with a scheme or a drive');
  // NFKC turns look-alikes such as the two-dot leader and full-width dots and slashes into what they look like.
  const folded = reading.normalize('NFKC');
  for (const segment of [...reading.split('/'), ...folded.split(/[/\\]/)]) {
    if (segment === '') refuse('it has an empty segment');
    if (/^\.+$/.test(segment.trim())) refuse('it has a segment of dots');
  }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // Invalid UTF-8 or a lone percent sign: decode the ASCII part, so that nothing hides behind the broken part.
    if (!(error instanceof URIError)) throw error;
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
}

/** Relative to the root of all artifacts. */
export function runArtifactRoot(experimentId: string, runId: string): string {
  return `${experimentId}/${runId}/artifacts`;
}

const scheme = 'mlflow-artifacts:/';

export function toArtifactUri(path: string): string {
  return `${scheme}${path}`;
}

/** @returns the path of an `mlflow-artifacts:` URI; every other scheme is refused, such as `file:` and `http:` */
export function parseArtifactUri(uri: string): string {
  if (!uri.startsWith(scheme)) {
    throw new ArtifactPathRefusedError(
      uri,
      'only artifacts of this registry (mlflow-artifacts:/) may be a source',
    );
  }
  return normalizeArtifactPath(uri.slice(scheme.length).replace(/^\/+/, '').replace(/\/+$/, ''));
}
