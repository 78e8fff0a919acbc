import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, digestOf, type Declared } from '@headrace/kernel';
import { isMap, isNode, isPair, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { type z } from 'zod';
import { findNearestWord } from './configuration/find-nearest-word.js';

/** A declaration with the file that contains it. */
export interface Declaration<T> extends Declared<T> {
  readonly file: string;
}

export interface DeclarationProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Declarations are invalid. Lists every fault with its file and line. */
export class DeclarationsError extends AppError {
  readonly code = 'DECLARATIONS_INVALID';
  readonly kind = 'invalid';

  constructor(
    readonly declarationKind: string,
    readonly problems: readonly DeclarationProblem[],
  ) {
    super(
      `${problems.length} ${problems.length === 1 ? 'fault' : 'faults'} in ${declarationKind}:\n${problems
        .map(({ file, line, column, message }) => `  ${file}:${line}:${column}: ${message}`)
        .join('\n')}`,
    );
  }
}

/**
 * Loads all declarations of a kind from `<directory>/<kind>/*.yaml`, in order of file name; a file may hold several
 * documents. A missing directory is an error, because a policy that was not found must not look like the absence of one.
 */
export function loadDeclarations<Schema extends z.ZodType>(
  kind: string,
  schema: Schema,
  directory: string,
): readonly Declaration<z.output<Schema>>[] {
  const folder = join(directory, kind);
  const problems: DeclarationProblem[] = [];
  const declarations: Declaration<z.output<Schema>>[] = [];
  for (const name of listYamlFiles(folder, kind)) {
    const file = join(folder, name);
    declarations.push(...parseDeclarations(schema, readFileSync(file, 'utf8'), file, problems));
  }
  if (problems.length > 0) throw new DeclarationsError(kind, problems);
  return declarations;
}

/** Parses declarations that arrive over an API. */
export function parseDeclaration<Schema extends z.ZodType>(
  kind: string,
  schema: Schema,
  text: string,
  file: string,
): readonly Declaration<z.output<Schema>>[] {
  const problems: DeclarationProblem[] = [];
  const declarations = parseDeclarations(schema, text, file, problems);
  if (problems.length > 0) throw new DeclarationsError(kind, problems);
  return declarations;
}

function listYamlFiles(folder: string, kind: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
  } catch (error) {
    throw new DeclarationsError(kind, [
      { file: folder, line: 1, column: 1, message: `cannot be read (${(error as Error).message})` },
    ]);
  }
}

function parseDeclarations<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
  problems: DeclarationProblem[],
): readonly Declaration<z.output<Schema>>[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const declarations: Declaration<z.output<Schema>>[] = [];
  for (const document of 'empty' in documents ? [] : documents) {
    if (document.errors.length > 0) {
      problems.push(...document.errors.map((error) => toProblem(file, lines, error.pos[0], error.message)));
      continue;
    }
    const plain: unknown = document.toJS({ maxAliasCount: 100 });
    if (plain === null) continue;
    const parsed = schema.safeParse(plain);
    if (parsed.success) {
      const digest = digestOf(canonicalJson(plain));
      const version = digest.slice('sha256:'.length, 'sha256:'.length + 12);
      declarations.push({ name: findName(plain), version, digest, value: parsed.data, file });
    } else {
      const { issues } = parsed.error;
      problems.push(...issues.flatMap((issue) => toProblems(issue, schema, document, file, lines)));
    }
  }
  return declarations;
}

/** Suites have their name where Great Expectations puts it. */
function findName(declaration: unknown): string {
  const { name, expectation_suite_name: suiteName } = declaration as Readonly<Record<string, unknown>>;
  const found = name ?? suiteName;
  return typeof found === 'string' ? found : '';
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

function toProblems(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  document: Document.Parsed,
  file: string,
  lines: LineCounter,
): readonly DeclarationProblem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const fields = listFields(schema, issue.path, (at) => getValue(document, at));
    return issue.keys.map((key) => {
      const where = findKeyOffset(document, issue.path, key) ?? findOffset(document, issue.path);
      const name = [...issue.path, key].map(String).join('.');
      return toProblem(file, lines, where, `unknown field "${name}"${suggestWord(key, fields)}`);
    });
  }
  let message = path === '' ? issue.message : `${path}: ${issue.message}`;
  const words =
    issue.code === 'invalid_value'
      ? issue.values
      : issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)
        ? (issue.options as readonly unknown[])
        : undefined;
  if (words !== undefined) {
    const given = getValue(document, issue.path);
    const texts = words.filter((word) => typeof word === 'string');
    message = `${path} is ${JSON.stringify(given)}, must be one of ${words.map(String).join(', ')}`;
    message += suggestWord(given, texts);
  }
  return [toProblem(file, lines, findOffset(document, issue.path), message)];
}

function suggestWord(given: unknown, words: readonly string[]): string {
  const near = typeof given === 'string' ? findNearestWord(given, words) : undefined;
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** The parts of a Zod schema that are needed to follow a path; Zod has a separate type for each kind of schema. */
interface SchemaShape {
  readonly def?: {
    readonly shape?: Readonly<Record<string, SchemaShape>>;
    readonly element?: SchemaShape;
    readonly innerType?: SchemaShape;
    readonly in?: SchemaShape;
    readonly valueType?: SchemaShape;
    readonly options?: readonly SchemaShape[];
    readonly discriminator?: string;
    readonly values?: readonly unknown[];
  };
}

/** The fields that the schema has at a path. For a union, those of the alternative that the document selects. */
function listFields(
  schema: z.ZodType,
  path: readonly PropertyKey[],
  valueOf: (path: readonly PropertyKey[]) => unknown,
): readonly string[] {
  let at: readonly SchemaShape[] = [schema as SchemaShape];
  for (let depth = 0; ; depth += 1) {
    at = at.flatMap((each) => unwrapSchema(each, (field) => valueOf([...path.slice(0, depth), field])));
    const key = path[depth];
    if (key === undefined) return at.flatMap(({ def }) => Object.keys(def?.shape ?? {}));
    at = at.flatMap(({ def }) => def?.shape?.[String(key)] ?? def?.element ?? def?.valueType ?? []);
  }
}

function unwrapSchema(schema: SchemaShape, valueOf: (field: string) => unknown): readonly SchemaShape[] {
  const { def } = schema;
  const inner = def?.innerType ?? def?.in;
  if (inner !== undefined) return unwrapSchema(inner, valueOf);
  if (def?.options === undefined) return [schema];
  const { discriminator } = def;
  return def.options
    .flatMap((option) => unwrapSchema(option, valueOf))
    .filter(
      (option) =>
        discriminator === undefined ||
        (option.def?.shape?.[discriminator]?.def?.values ?? []).includes(valueOf(discriminator)),
    );
}

function toProblem(file: string, lines: LineCounter, offset: number, message: string): DeclarationProblem {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col, message };
}

/** Where a value begins. For a missing value, where the nearest enclosing value begins. */
function findOffset(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.range[0];
}

function findKeyOffset(
  document: Document.Parsed,
  path: readonly PropertyKey[],
  key: string,
): number | undefined {
  const map = document.getIn(path, true);
  const target = isMap(map) ? map : undefined;
  const pair = target?.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
  );
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function getValue(document: Document.Parsed, path: readonly PropertyKey[]): unknown {
  return document.getIn(path);
}
