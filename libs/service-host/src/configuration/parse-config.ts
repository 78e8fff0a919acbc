import { readFileSync } from 'node:fs';
import { AppError, describeError } from '@headrace/kernel';
import { type z } from 'zod';
import { findNearestWord } from './find-nearest-word.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigProblem {
  readonly variable: string;
  /** With secrets masked; undefined when the variable is not set. */
  readonly value: string | undefined;
  readonly expected: string;
  readonly didYouMean: string | undefined;
}

/** The environment is not a valid configuration. Lists every invalid variable. */
export class ConfigError extends AppError {
  readonly code = 'CONFIG_INVALID';
  readonly kind = 'invalid';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(
      `${problems.length} configuration ${problems.length === 1 ? 'variable is' : 'variables are'} invalid:\n${problems.map(describeProblem).join('\n')}`,
    );
  }
}

function describeProblem({ variable, value, expected, didYouMean }: ConfigProblem): string {
  const given = value === undefined ? 'is not set' : `is "${value}"`;
  const hint = didYouMean === undefined ? '' : `; did you mean "${didYouMean}"?`;
  return `  ${variable} ${given}: ${expected}${hint}`;
}

/**
 * Parses the environment, or throws a ConfigError that lists every invalid variable. An empty variable counts as unset.
 * `NAME_FILE` is the path of a file that holds the value of `NAME`, as with mounted secrets.
 */
export function parseConfig<Config>(schema: z.ZodType<Config>, environment: Environment): Config {
  const problems: ConfigProblem[] = [];
  const values = readVariables(schema, environment, problems);
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const problem = toConfigProblem(issue, values);
      if (!problems.some(({ variable }) => variable === problem.variable)) problems.push(problem);
    }
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

/** Finds the problems without throwing, so that those of several schemas can be reported together. */
export function findConfigProblems(schema: z.ZodType, environment: Environment): readonly ConfigProblem[] {
  try {
    parseConfig(schema, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function readVariables(
  schema: z.ZodType,
  environment: Environment,
  problems: ConfigProblem[],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== '') values[name] = value;
  }
  for (const name of listVariables(schema)) {
    const path = environment[`${name}_FILE`];
    if (path === undefined || path === '') continue;
    if (values[name] !== undefined) {
      problems.push({
        variable: name,
        value: maskValue(name, values[name]),
        expected: `set either ${name} or ${name}_FILE, not both`,
        didYouMean: undefined,
      });
      continue;
    }
    try {
      values[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      problems.push({
        variable: `${name}_FILE`,
        value: path,
        expected: `must name a readable file (${describeError(error)})`,
        didYouMean: undefined,
      });
    }
  }
  return values;
}

/** The names of the variables that a schema reads, including those inside transformations. */
export function listVariables(schema: z.ZodType): readonly string[] {
  const definition = schema.def as { type: string; in?: z.ZodType; out?: z.ZodType; innerType?: z.ZodType };
  if (definition.type === 'object') return Object.keys((schema as z.ZodObject).shape);
  return [definition.in, definition.out, definition.innerType].flatMap((part) =>
    part === undefined ? [] : listVariables(part),
  );
}

function toConfigProblem(issue: z.core.$ZodIssue, values: Readonly<Record<string, string>>): ConfigProblem {
  const variable = issue.path.map(String).join('.');
  const value = values[variable];
  const words =
    issue.code === 'invalid_value' ? issue.values.filter((word) => typeof word === 'string') : undefined;
  return {
    variable,
    value: value === undefined ? undefined : maskValue(variable, value),
    expected: describeExpectation(issue, words),
    didYouMean: words === undefined || value === undefined ? undefined : findNearestWord(value, words),
  };
}

function describeExpectation(issue: z.core.$ZodIssue, words: readonly string[] | undefined): string {
  if (words !== undefined) return `must be one of ${words.join(', ')}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${withArticle(issue.expected)}`;
    case 'too_small':
      return `must be ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `must be ${issue.inclusive === true ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_format':
      return `must be ${withArticle(issue.format === 'url' ? 'URL' : issue.format)}`;
    default:
      return issue.message;
  }
}

function withArticle(noun: string): string {
  const word = noun === 'int' ? 'whole number' : noun;
  return `${/^[aeio]/i.test(word) ? 'an' : 'a'} ${word}`;
}

const secretName = /PASSWORD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE|CREDENTIAL/;

/** Hides secrets and the passwords in URLs. */
function maskValue(variable: string, value: string): string {
  if (secretName.test(variable)) return '***';
  return value.replace(/(:\/\/[^:/@\s]*:)[^@/\s]*@/, '$1***@').slice(0, 200);
}
