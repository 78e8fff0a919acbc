import { maxNesting, ExpressionError, type Expression } from './expression.js';
import { tokenize, type Token } from './tokenize.js';

const keywords = ['and', 'or', 'not', 'case', 'when', 'then', 'else', 'end', 'true', 'false'];

interface Operator {
  /** The name of the call it stands for. */
  readonly name: string;
  readonly binds: number;
  /** `a < b < c` would compare a boolean with a number; it is rejected. */
  readonly chains: boolean;
}

const comparison = { binds: 4, chains: false };
const sum = { binds: 5, chains: true };
const product = { binds: 6, chains: true };
const operators = new Map<string, Operator>([
  ['or', { name: 'or', binds: 1, chains: true }],
  ['and', { name: 'and', binds: 2, chains: true }],
  ...['=', '!=', '<', '<=', '>', '>='].map((name) => [name, { name, ...comparison }] as const),
  ...['+', '-'].map((name) => [name, { name, ...sum }] as const),
  ...['*', '/', '%'].map((name) => [name, { name, ...product }] as const),
]);
const notBinds = 3;
const minusBinds = 7;

/**
 * Reads an expression by precedence climbing:
 *
 *     or < and < not < (= != < <= > >=) < (+ -) < (* / %) < unary minus
 *     case when c then a when d then b else e end   is   if(c, a, if(d, b, e))
 *
 * The time it takes grows with the length of the text; the depth of the tree, and with it of the recursion, is bounded.
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private nesting = 0;
  private readonly depths = new Map<Expression, number>();

  constructor(private readonly text: string) {
    this.tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.expression(0);
    const rest = this.peek();
    if (rest.kind !== 'end') this.fail(rest, `Expected an operator or the end, found "${rest.text}"`);
    return expression;
  }

  private expression(binds: number): Expression {
    this.nesting += 1;
    if (this.nesting > maxNesting) this.failDeep(this.peek());
    let left = this.operand();
    for (;;) {
      const token = this.peek();
      const operator = token.kind === 'number' ? undefined : operators.get(token.text);
      if (operator === undefined || operator.binds <= binds) break;
      this.next += 1;
      left = this.call(operator.name, [left, this.expression(operator.binds)], token);
      const following = operators.get(this.peek().text);
      if (!operator.chains && following?.binds === operator.binds) {
        this.fail(this.peek(), `Comparisons do not chain; join them with "and"`);
      }
    }
    this.nesting -= 1;
    return left;
  }

  private operand(): Expression {
    const token = this.take();
    switch (token.kind) {
      case 'number':
        return { kind: 'number', value: Number(token.text), at: token.at };
      case 'word':
        return this.word(token);
      case 'symbol':
        if (token.text === '-') return this.call('negate', [this.expression(minusBinds)], token);
        if (token.text === '(') {
          const inner = this.expression(0);
          this.expect(')');
          return inner;
        }
        return this.fail(token, `Expected a value, found "${token.text}"`);
      case 'end':
        return this.fail(token, 'Expected a value, found the end');
    }
  }

  private word(token: Token): Expression {
    switch (token.text) {
      case 'true':
      case 'false':
        return { kind: 'boolean', value: token.text === 'true', at: token.at };
      case 'not':
        return this.call('not', [this.expression(notBinds)], token);
      case 'case':
        this.expect('when');
        return this.branches(token);
      default:
    }
    if (keywords.includes(token.text)) {
      this.fail(token, `Expected a value, found the keyword "${token.text}"`);
    }
    if (this.peek().text !== '(') return { kind: 'name', name: token.text, at: token.at };
    this.next += 1;
    const args: Expression[] = [];
    if (this.peek().text === ')') this.next += 1;
    else {
      do args.push(this.expression(0));
      while (this.expectOneOf(',', ')') === ',');
    }
    return this.call(token.text, args, token);
  }

  /** After `when`: parsed as `if(c, a, rest)`. Without `else` there is no data where no condition holds. */
  private branches(token: Token): Expression {
    this.nesting += 1;
    if (this.nesting > maxNesting) this.failDeep(token);
    const condition = this.expression(0);
    this.expect('then');
    const value = this.expression(0);
    const word = this.expectOneOf('when', 'else', 'end');
    let rest: Expression | undefined;
    if (word === 'when') rest = this.branches(token);
    if (word === 'else') {
      rest = this.expression(0);
      this.expect('end');
    }
    this.nesting -= 1;
    return this.call('if', rest === undefined ? [condition, value] : [condition, value, rest], token);
  }

  private call(name: string, args: readonly Expression[], { at }: Token): Expression {
    const expression: Expression = { kind: 'call', name, args, at };
    const depth = 1 + args.reduce((deepest, arg) => Math.max(deepest, this.depths.get(arg) ?? 0), 0);
    if (depth > maxNesting) this.failDeep({ kind: 'symbol', text: name, at });
    this.depths.set(expression, depth);
    return expression;
  }

  private expect(text: string): void {
    this.expectOneOf(text);
  }

  private expectOneOf(...texts: readonly string[]): string {
    const token = this.take();
    if (token.kind !== 'number' && texts.includes(token.text)) return token.text;
    const expected = texts.map((text) => `"${text}"`).join(' or ');
    return this.fail(
      token,
      `Expected ${expected}, found ${token.kind === 'end' ? 'the end' : `"${token.text}"`}`,
    );
  }

  private peek(): Token {
    return this.tokens[Math.min(this.next, this.tokens.length - 1)] as Token;
  }

  private take(): Token {
    const token = this.peek();
    this.next += 1;
    return token;
  }

  private failDeep(token: Token): never {
    return this.fail(
      token,
      `An expression may nest at most ${maxNesting} deep; declare a part of it under its own name`,
    );
  }

  private fail(token: Token, reason: string): never {
    throw new ExpressionError(this.text, token.at, reason);
  }
}
