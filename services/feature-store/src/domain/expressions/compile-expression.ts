import { quoteIdentifier } from '../windows/window-sql.js';
import { ExpressionError, type Expression, type ExpressionType } from './expression.js';
import {
  expressionFunctions,
  sqlWhere,
  type Evaluate,
  type ExpressionFunction,
} from './expression-functions.js';
import { parseExpression } from './parse-expression.js';

/** An expression compiled for a list of names. */
export interface CompiledExpression {
  readonly type: ExpressionType;
  /** The names it uses, each once, in the order of the text. */
  readonly uses: readonly string[];
  /** Maps values in the order of the names, NaN where there is no data, to the value; a boolean is 1 or 0. */
  readonly evaluate: Evaluate;
  /** The same in DuckDB's SQL over DOUBLE columns of those names that hold finite numbers or NULL. */
  readonly sql: string;
}

interface Part extends Omit<CompiledExpression, 'uses'> {
  readonly function: ExpressionFunction | undefined;
}

/**
 * Compiles an expression over named numbers into closures and into SQL; the text is never run as code.
 * `expression-functions.ts` defines the functions and how they treat missing data.
 */
export function compileExpression(text: string, names: readonly string[]): CompiledExpression {
  const uses = new Set<string>();
  const { type, evaluate, sql, function: outermost } = compilePart(text, parseExpression(text), names, uses);
  return { type, uses: [...uses], evaluate, sql: checked(sql, outermost) };
}

function compilePart(text: string, part: Expression, names: readonly string[], uses: Set<string>): Part {
  switch (part.kind) {
    case 'number': {
      const { value } = part;
      // With an exponent it is a DOUBLE; without, a DECIMAL that need not have the same value.
      return { type: 'number', evaluate: () => value, sql: value.toExponential(), function: undefined };
    }
    case 'boolean': {
      const value = part.value ? 1 : 0;
      return {
        type: 'boolean',
        evaluate: () => value,
        sql: part.value ? 'TRUE' : 'FALSE',
        function: undefined,
      };
    }
    case 'name': {
      const place = names.indexOf(part.name);
      if (place < 0) throw new ExpressionError(text, part.at, describeUnknownName(part.name, names));
      uses.add(part.name);
      return {
        type: 'number',
        evaluate: (row) => {
          const value = row[place] as number;
          return value - value === 0 ? value : Number.NaN;
        },
        sql: quoteIdentifier(part.name),
        function: undefined,
      };
    }
    case 'call': {
      const called = expressionFunctions.get(part.name);
      if (called === undefined) throw new ExpressionError(text, part.at, describeUnknownFunction(part.name));
      const args = part.args.map((arg) => compilePart(text, arg, names, uses));
      const type = called.resultType(args.map((arg) => arg.type));
      if (type === undefined) {
        const given = args.map((arg) => (arg.type === 'boolean' ? 'boolean' : 'number')).join(', ');
        throw new ExpressionError(text, part.at, `Expected ${called.signature}, found (${given})`);
      }
      const inner = args.map(({ sql, function: of }) =>
        called.finiteness === 'carried' ? sql : checked(sql, of),
      );
      return {
        type,
        evaluate: called.evaluate(...args.map(({ evaluate }) => evaluate)),
        sql: called.sql(...inner),
        function: called,
      };
    }
  }
}

/** A value that may not be finite is checked once, at the end of a chain of calls that carry it. */
function checked(sql: string, of: ExpressionFunction | undefined): string {
  return of?.finiteness === undefined ? sql : sqlWhere(sql, 'isfinite(v)');
}

function describeUnknownName(name: string, names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ') + (names.length > 12 ? ', ...' : '');
  return `There is no "${name}"; there are: ${shown}`;
}

function describeUnknownFunction(name: string): string {
  const named = [...expressionFunctions.keys()].filter((of) => /^[a-z]/.test(of) && of !== 'negate');
  return `There is no function "${name}"; there are: ${named.join(', ')}`;
}
