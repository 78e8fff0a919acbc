import { AppError } from '@headrace/kernel';

/** A pattern that cannot be decided in linear time, or that is none. */
export class RegexUnsupportedError extends AppError {
  readonly code = 'INGESTION_REGEX_UNSUPPORTED';
  readonly kind = 'invalid';

  constructor(pattern: string, at: number, why: string) {
    super(`${why} at character ${at + 1} of /${pattern}/`);
  }
}

/** Code points from..to, both included. */
type Range = readonly [from: number, to: number];

type Step =
  | { readonly op: 'char'; readonly ranges: readonly Range[]; readonly next: number }
  | { readonly op: 'split'; readonly a: number; readonly b: number }
  | { readonly op: 'start' | 'end'; readonly next: number }
  | { readonly op: 'match' };

type Node =
  | { readonly kind: 'char'; readonly ranges: readonly Range[] }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' };

const last = 0x10ffff;
const digit: readonly Range[] = [[48, 57]];
const word: readonly Range[] = [...digit, [65, 90], [95, 95], [97, 122]];
const space: readonly Range[] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const notNewline = without([
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
]);
const escapes: Readonly<Record<string, readonly Range[]>> = {
  d: digit,
  D: without(digit),
  w: word,
  W: without(word),
  s: space,
  S: without(space),
  t: [[9, 9]],
  n: [[10, 10]],
  r: [[13, 13]],
  f: [[12, 12]],
  v: [[11, 11]],
};
const mostSteps = 5_000;
const mostStates = 500;
const mostRepeats = 1_000;

interface State {
  readonly steps: readonly number[];
  readonly matches: boolean;
  matchesAtEnd: boolean | undefined;
  readonly ascii: (State | undefined)[];
}

/**
 * Says whether a text contains a match of a pattern, in time linear in the text, whatever the pattern is: the pattern
 * becomes an automaton whose states are sets of positions in it, built when they are first needed. There is no
 * backtracking, so a rule that somebody declares cannot stop the service with `(a+)+$`.
 *
 * The syntax of ECMAScript and Python as far as it is regular: literals, `.`, classes, `\d \w \s`, groups, `|`,
 * `* + ? {m,n}` (also lazy, which makes no difference to whether there is a match), `^`, `$`. Refused with place and
 * reason: back references, look-around, word boundaries, flags. `^` and `$` are the ends of the text.
 *
 * @see Thompson (1968), Regular expression search algorithm; Cox (2007), Regular expression matching can be simple and fast
 */
export class LinearRegex {
  private readonly steps: readonly Step[];
  private states = new Map<string, State>();
  private first: State | undefined;

  constructor(readonly pattern: string) {
    this.steps = compile(new Parser(pattern).parse(), pattern);
  }

  test(text: string): boolean {
    if (text.length === 0) {
      return this.closure([0], true, true).some((step) => this.steps[step]?.op === 'match');
    }
    let state = (this.first ??= this.stateOf(this.closure([0], true, false)));
    for (let index = 0; index < text.length; index += 1) {
      if (state.matches) return true;
      let code = text.charCodeAt(index);
      if (code < 128) {
        state = state.ascii[code] ??= this.after(state, code);
        continue;
      }
      if (code >= 0xd800 && code < 0xdc00 && index + 1 < text.length) {
        code = text.codePointAt(index) ?? code;
        if (code > 0xffff) index += 1;
      }
      state = this.after(state, code);
    }
    return state.matches || (state.matchesAtEnd ??= this.endsIn(state));
  }

  private after(state: State, code: number): State {
    const next: number[] = [];
    for (const at of state.steps) {
      const step = this.steps[at];
      if (step?.op === 'char' && step.ranges.some(([from, to]) => from <= code && code <= to)) {
        next.push(step.next);
      }
    }
    // A match may begin anywhere.
    next.push(0);
    return this.stateOf(this.closure(next, false, false));
  }

  private endsIn(state: State): boolean {
    return this.closure(state.steps, false, true).some((at) => this.steps[at]?.op === 'match');
  }

  private stateOf(steps: readonly number[]): State {
    const key = steps.join(',');
    const known = this.states.get(key);
    if (known !== undefined) return known;
    if (this.states.size >= mostStates) {
      // Forgotten states are built anew when they are needed: memory stays bounded, time linear.
      this.states = new Map();
      this.first = undefined;
    }
    const matches = steps.some((at) => this.steps[at]?.op === 'match');
    const state: State = { steps, matches, matchesAtEnd: undefined, ascii: [] };
    this.states.set(key, state);
    return state;
  }

  /** Everything that is reached without reading a character. */
  private closure(from: readonly number[], atStart: boolean, atEnd: boolean): readonly number[] {
    const reached = new Set<number>();
    const waiting = [...from];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      const step = this.steps[at];
      if (step?.op === 'split') waiting.push(step.a, step.b);
      else if ((step?.op === 'start' && atStart) || (step?.op === 'end' && atEnd)) waiting.push(step.next);
    }
    return [...reached].sort((a, b) => a - b);
  }
}

class Parser {
  private at = 0;
  private readonly characters: readonly string[];

  constructor(private readonly pattern: string) {
    // By code points, as the texts are read.
    this.characters = Array.from(pattern);
  }

  parse(): Node {
    const node = this.alternatives();
    if (this.at < this.characters.length) throw this.wrong('There is a ) without its (');
    return node;
  }

  private alternatives(): Node {
    const nodes = [this.sequence()];
    while (this.take('|')) nodes.push(this.sequence());
    return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: 'any', nodes };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (this.at < this.characters.length && this.peek() !== '|' && this.peek() !== ')') {
      nodes.push(this.repeated(this.atom()));
    }
    return { kind: 'all', nodes };
  }

  private repeated(node: Node): Node {
    const bounds = this.bounds();
    if (bounds === undefined) return node;
    this.take('?');
    if (['*', '+', '?', '{'].includes(this.peek())) throw this.wrong('A repetition is repeated');
    if (node.kind === 'start' || node.kind === 'end') throw this.wrong('An end of the text is repeated');
    return { kind: 'repeat', node, ...bounds };
  }

  private bounds(): { readonly min: number; readonly max: number } | undefined {
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.take('?')) return { min: 0, max: 1 };
    if (this.peek() !== '{') return undefined;
    const text = this.characters.slice(this.at).join('');
    const found = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(text);
    if (found === null) throw this.wrong('A { that counts nothing; write \\{ for the character');
    this.at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3]);
    if (max < min) throw this.wrong('The bounds of a repetition are upside down');
    if (min > mostRepeats || (max > mostRepeats && max !== Infinity)) {
      throw this.wrong(`More than ${mostRepeats} repetitions`);
    }
    return { min, max };
  }

  private atom(): Node {
    const character = this.next();
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'char', ranges: this.characterClass() };
      case '.':
        return { kind: 'char', ranges: notNewline };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return { kind: 'char', ranges: this.escaped() };
      case '*':
      case '+':
      case '?':
      case '{':
        this.at -= 1;
        throw this.wrong('There is nothing to repeat');
      default:
        return { kind: 'char', ranges: [only(character)] };
    }
  }

  private group(): Node {
    if (this.take('?') && !this.take(':')) {
      throw this.wrong('Only (?: ... ) is known; look-around, names and flags are not');
    }
    const node = this.alternatives();
    if (!this.take(')')) throw this.wrong('A ( is not closed');
    return node;
  }

  private escaped(): readonly Range[] {
    const character = this.next();
    const known = escapes[character];
    if (known !== undefined) return known;
    if (character === 'x' || character === 'u') {
      const digits = this.characters.slice(this.at, this.at + (character === 'x' ? 2 : 4)).join('');
      if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length !== (character === 'x' ? 2 : 4)) {
        throw this.wrong(`\\${character} needs ${character === 'x' ? 'two' : 'four'} hexadecimal digits`);
      }
      this.at += digits.length;
      const code = Number.parseInt(digits, 16);
      return [[code, code]];
    }
    if (/[A-Za-z0-9]/.test(character)) {
      throw this.wrong(
        `\\${character} is not known; back references and word boundaries are not linear here`,
      );
    }
    return [only(character)];
  }

  private characterClass(): readonly Range[] {
    const negated = this.take('^');
    const ranges: Range[] = [];
    for (let first = true; first || this.peek() !== ']'; first = false) {
      if (this.at >= this.characters.length) throw this.wrong('A [ is not closed');
      const from = this.member();
      if (this.peek() === '-' && this.characters[this.at + 1] !== ']') {
        this.next();
        const to = this.member();
        const [low, high] = [from[0]?.[0], to[0]?.[0]];
        if (from.length !== 1 || to.length !== 1 || low === undefined || high === undefined || low > high) {
          throw this.wrong('A range of characters is upside down');
        }
        ranges.push([low, high]);
      } else ranges.push(...from);
    }
    this.next();
    return negated ? without(ranges) : ranges;
  }

  private member(): readonly Range[] {
    const character = this.next();
    return character === '\\' ? this.escaped() : [only(character)];
  }

  private peek(): string {
    return this.characters[this.at] ?? '';
  }

  private next(): string {
    const character = this.characters[this.at];
    if (character === undefined) throw this.wrong('The pattern ends too early');
    this.at += 1;
    return character;
  }

  private take(wanted: string): boolean {
    if (this.peek() !== wanted) return false;
    this.at += 1;
    return true;
  }

  private wrong(why: string): RegexUnsupportedError {
    return new RegexUnsupportedError(this.pattern, this.at, why);
  }
}

function compile(node: Node, pattern: string): readonly Step[] {
  const steps: Step[] = [];
  const emit = (step: Step): number => {
    if (steps.length >= mostSteps) {
      throw new RegexUnsupportedError(pattern, 0, `It unfolds to more than ${mostSteps} steps`);
    }
    return steps.push(step) - 1;
  };
  const build = (part: Node): void => {
    switch (part.kind) {
      case 'char':
        emit({ op: 'char', ranges: part.ranges, next: steps.length + 1 });
        return;
      case 'start':
      case 'end':
        emit({ op: part.kind, next: steps.length + 1 });
        return;
      case 'all':
        part.nodes.forEach(build);
        return;
      case 'any':
        buildAny(part.nodes);
        return;
      case 'repeat':
        buildRepeat(part);
    }
  };
  const buildAny = (nodes: readonly Node[]): void => {
    const ends: number[] = [];
    nodes.forEach((part, index) => {
      if (index === nodes.length - 1) {
        build(part);
        return;
      }
      const split = emit({ op: 'match' });
      build(part);
      ends.push(emit({ op: 'match' }));
      steps[split] = { op: 'split', a: split + 1, b: steps.length };
    });
    for (const end of ends) steps[end] = { op: 'split', a: steps.length, b: steps.length };
  };
  const buildRepeat = ({ node: part, min, max }: Extract<Node, { kind: 'repeat' }>): void => {
    for (let count = 0; count < min; count += 1) build(part);
    if (max === Infinity) {
      const split = emit({ op: 'match' });
      build(part);
      emit({ op: 'split', a: split, b: split });
      steps[split] = { op: 'split', a: split + 1, b: steps.length };
      return;
    }
    const splits: number[] = [];
    for (let count = min; count < max; count += 1) {
      splits.push(emit({ op: 'match' }));
      build(part);
    }
    for (const split of splits) steps[split] = { op: 'split', a: split + 1, b: steps.length };
  };
  build(node);
  emit({ op: 'match' });
  return steps;
}

function only(character: string): Range {
  const code = character.codePointAt(0) ?? 0;
  return [code, code];
}

function without(ranges: readonly Range[]): readonly Range[] {
  const rest: Range[] = [];
  let from = 0;
  for (const [low, high] of [...ranges].sort(([a], [b]) => a - b)) {
    if (low > from) rest.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= last) rest.push([from, last]);
  return rest;
}
