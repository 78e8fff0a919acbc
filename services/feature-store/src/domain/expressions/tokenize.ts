import { ExpressionError, maxCharacters } from './expression.js';

export interface Token {
  readonly kind: 'number' | 'word' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const space = /[ \t\r\n]+/y;
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const symbol = /<=|>=|!=|[-+*/%(),<>=]/y;

/** Splits a text into tokens, the last one an `end`. Names are case-sensitive, keywords lower-case. */
export function tokenize(text: string): readonly Token[] {
  if (text.length > maxCharacters) {
    throw new ExpressionError(
      text,
      maxCharacters,
      `An expression may have at most ${maxCharacters} characters`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const blank = take(space);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = next(take, at);
    if (token === undefined) {
      throw new ExpressionError(text, at, `Unexpected ${JSON.stringify(text[at])}`);
    }
    if (token.kind === 'number' && !Number.isFinite(Number(token.text))) {
      throw new ExpressionError(text, at, `${token.text} is too large for a number`);
    }
    at += token.text.length;
    tokens.push(token);
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function next(take: (pattern: RegExp) => string | undefined, at: number): Token | undefined {
  for (const [kind, pattern] of [
    ['number', number],
    ['word', word],
    ['symbol', symbol],
  ] as const) {
    const text = take(pattern);
    if (text !== undefined) return { kind, text, at };
  }
  return undefined;
}
