import { AppError } from '@headrace/kernel';
import { checkModel, type CheckedModel } from '@headrace/onnx';

/** The file is not allowed in a model version. */
export class ModelFileRefusedError extends AppError {
  readonly code = 'REGISTRY_MODEL_FILE_REFUSED';
  readonly kind = 'invalid';

  constructor(path: string, reason: string, cause?: unknown) {
    super(
      `The file ${JSON.stringify(path)} cannot be part of a model version: ${reason}; versions hold ONNX, JSON and UBJ, never pickle`,
      { cause },
    );
  }
}

export type AdmittedFile =
  { readonly kind: 'onnx'; readonly model: CheckedModel } | { readonly kind: 'json' | 'ubj' | 'text' };

const textFileName = /(^|\/)(MLmodel|README|LICENSE|[^/]+\.(ya?ml|txt|md|csv))$/i;

/**
 * Decides by name and content whether a file may be part of a version. The name alone is not trusted: an ONNX file must
 * pass the check that precedes running it, JSON must parse, text must be text. Everything else is refused. A pickle is
 * refused because loading one runs code of its author.
 */
export function admitModelFile(path: string, content: Uint8Array): AdmittedFile {
  if (looksLikePickle(content)) throw new ModelFileRefusedError(path, 'it is a pickle');
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  switch (extension) {
    case 'onnx':
      return { kind: 'onnx', model: checkOnnx(path, content) };
    case 'json':
      checkJson(path, content);
      return { kind: 'json' };
    case 'ubj':
      if (content[0] !== 0x7b) throw new ModelFileRefusedError(path, 'it is not a UBJ object');
      return { kind: 'ubj' };
    default:
      if (!textFileName.test(path)) throw new ModelFileRefusedError(path, 'its kind is not admitted');
      decodeText(path, content);
      return { kind: 'text' };
  }
}

/** Pickle protocols 2 to 5 begin with PROTO; 0 and 1 with a mark or a global and end with STOP. */
function looksLikePickle(content: Uint8Array): boolean {
  const [first, second] = content;
  if (first === 0x80 && second !== undefined && second >= 1 && second <= 5) return true;
  const last = content.at(-1);
  return last === 0x2e && (first === 0x28 || first === 0x63) && content.length > 3;
}

function checkOnnx(path: string, content: Uint8Array): CheckedModel {
  try {
    return checkModel(content);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelFileRefusedError(path, `it is not an ONNX model that can be run (${reason})`, error);
  }
}

function checkJson(path: string, content: Uint8Array): void {
  try {
    JSON.parse(decodeText(path, content));
  } catch (error) {
    if (error instanceof ModelFileRefusedError) throw error;
    throw new ModelFileRefusedError(path, 'it is not JSON', error);
  }
}

function decodeText(path: string, content: Uint8Array): string {
  if (content.includes(0)) throw new ModelFileRefusedError(path, 'it is not text');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    throw new ModelFileRefusedError(path, 'it is not UTF-8', error);
  }
}
