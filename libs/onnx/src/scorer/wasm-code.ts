/** Instructions as bytes; nested, because code is composed of parts. */
export type Code = readonly (number | Code)[];

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
};

const signed = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const last = (rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
};

/** The WebAssembly instructions that the tree scorer uses. */
export const wasm = {
  get: (local: number): Code => [0x20, unsigned(local)],
  set: (local: number): Code => [0x21, unsigned(local)],
  tee: (local: number): Code => [0x22, unsigned(local)],
  i32: (value: number): Code => [0x41, signed(value)],
  f32: (value: number): Code => [0x43, [...new Uint8Array(Float32Array.of(value).buffer)]],
  f64: (value: number): Code => [0x44, [...new Uint8Array(Float64Array.of(value).buffer)]],
  loadI32: (offset: number): Code => [0x28, 2, unsigned(offset)],
  loadF32: (offset: number): Code => [0x2a, 2, unsigned(offset)],
  loadF64: (offset: number): Code => [0x2b, 3, unsigned(offset)],
  loadSignedI8: (offset: number): Code => [0x2c, 0, unsigned(offset)],
  loadI8: (offset: number): Code => [0x2d, 0, unsigned(offset)],
  storeI8: (offset: number): Code => [0x3a, 0, unsigned(offset)],
  storeI32: (offset: number): Code => [0x36, 2, unsigned(offset)],
  storeF32: (offset: number): Code => [0x38, 2, unsigned(offset)],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  and: [0x71],
  shl: [0x74],
  shiftRight: [0x75],
  shiftRightUnsigned: [0x76],
  lessThan: [0x48],
  select: [0x1b],
  addF32: [0x92],
  belowF32: [0x5d],
  atLeastF32: [0x60],
  differsF32: [0x5c],
  promote: [0xbb],
  addF64: [0xa0],
  subF64: [0xa1],
  mulF64: [0xa2],
  minF64: [0xa4],
  maxF64: [0xa5],
  /** Saturates instead of trapping; NaN becomes 0. */
  truncate: [0xfc, 0x02],
  truncateF32: [0xfc, 0x00],
  /** Target, source and number of bytes lie on the stack. */
  copy: [0xfc, 0x0a, 0, 0],
  /** Sixteen bytes at once. */
  lanes: {
    load: (offset: number): Code => [0xfd, 0x00, 0, unsigned(offset)],
    /** One byte of memory in every lane. */
    loadSplat: (offset: number): Code => [0xfd, 0x07, 0, unsigned(offset)],
    store: (offset: number): Code => [0xfd, 0x0b, 0, unsigned(offset)],
    /** The same byte in every lane. */
    all: (value: number): Code => [0xfd, 0x0c, new Array<number>(16).fill(value & 0xff)],
    /** The bytes of the first vector that the second names; 0 where it names none of the sixteen. */
    pick: [0xfd, 0x0e],
    /** -1 where the first, signed, is above the second, and 0 elsewhere. */
    above: [0xfd, 0x27],
    and: [0xfd, 0x4e],
    or: [0xfd, 0x50],
    negate: [0xfd, 0x61],
    add: [0xfd, 0x6e],
    min: [0xfd, 0x76],
  },
  /** Repeats `body` while its result is not 0. */
  repeat: (body: Code): Code => [0x03, 0x40, body, 0x0d, 0, 0x0b],
  ifElse: (then: Code, otherwise: Code): Code => [0x04, 0x40, then, 0x05, otherwise, 0x0b],
} as const;

export interface WasmFunction {
  readonly name: string;
  /** i32 parameters. */
  readonly parameters: number;
  /** Further locals: how many i32, then f32, then v128. */
  readonly i32Locals: number;
  readonly f32Locals: number;
  readonly v128Locals: number;
  readonly result: 'f32' | 'none';
  readonly body: Code;
}

/** A module with the given functions and one memory, imported as `env.memory`. */
export function assemble(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly Code[]): Code => [unsigned(items.length), items];
  const sized = (content: Code): Code => {
    const bytes = flatten(content);
    return [unsigned(bytes.length), bytes];
  };
  const text = (value: string): Code => sized([...Buffer.from(value)]);
  const section = (id: number, items: readonly Code[]): Code => [id, sized(vector(items))];
  const types = functions.map(({ parameters, result }): Code => [
    0x60,
    vector(new Array<Code>(parameters).fill([0x7f])),
    vector(result === 'f32' ? [[0x7d]] : []),
  ]);
  const bodies = functions.map(({ i32Locals, f32Locals, v128Locals, body }) =>
    sized([
      vector([
        [unsigned(i32Locals), 0x7f],
        [unsigned(f32Locals), 0x7d],
        [unsigned(v128Locals), 0x7b],
      ]),
      body,
      0x0b,
    ]),
  );
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, types),
      section(2, [[text('env'), text('memory'), 0x02, 0x01, unsigned(pages), unsigned(pages)]]),
      section(
        3,
        functions.map((_, index) => unsigned(index)),
      ),
      section(
        7,
        functions.map(({ name }, index): Code => [text(name), 0x00, unsigned(index)]),
      ),
      section(10, bodies),
    ]),
  );
}

function flatten(code: Code): number[] {
  const bytes: number[] = [];
  const visit = (part: Code): void => {
    for (const item of part) {
      if (typeof item === 'number') bytes.push(item);
      else visit(item);
    }
  };
  visit(code);
  return bytes;
}
