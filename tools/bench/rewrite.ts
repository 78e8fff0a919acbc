import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@headrace/kernel';
import {
  buildEnsembleModel,
  buildLstmModel,
  buildTreeModel,
  checkModel,
  foldConstants,
  measureChange,
  pruneTrees,
  pruneWeights,
  quantizeInt8,
  removeDeadCode,
  rewriteModel,
  seededRows,
  shrinkTrees,
  storeFloat16,
  storeInt8,
  type ModelRows,
  type Rewrite,
  type RewrittenModel,
  type Scaler,
  type Tree,
} from '@headrace/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median, type BenchResult } from './bench-result.js';
import { runPeer } from './peers/run-peer.js';

const rounds = 7;
const batch = 32;
const rows = 512;
const lossless = [foldConstants(), removeDeadCode()];

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly variants: readonly (readonly [string, readonly Rewrite[]])[];
  readonly quantises: boolean;
}

/**
 * Every rewrite of a dense network, an LSTM and a tree ensemble: size and run time beside the original's in the same run,
 * and how far the answers moved on 512 seeded rows. Where Python is available, onnxruntime's quantize_dynamic rewrites the same
 * file and is measured in the same way on the same rows.
 */
export async function benchRewrite(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const subject of buildSubjects(new SeededRandom(20_261_124))) {
    results.push(...(await benchSubject(subject)));
  }
  return results;
}

async function benchSubject({ name, bytes, variants, quantises }: Subject): Promise<BenchResult[]> {
  const given = seededRows(checkModel(bytes), rows, new SeededRandom(1));
  const files: (readonly [string, RewrittenModel])[] = variants.map(([variant, rewrites]) => [
    variant,
    rewriteModel(bytes, [...lossless, ...rewrites]),
  ]);
  const theirs = quantises ? quantizeWithPeer(bytes) : undefined;
  if (theirs !== undefined) files.push(['quantize_dynamic', theirs]);
  const times = await timeAll(
    [['original', bytes], ...files.map(([variant, { bytes: file }]) => [variant, file] as const)],
    given,
  );
  const timeOf = (variant: string): number => median(times.get(variant) ?? []);
  const results: BenchResult[] = [];
  const changeOf = new Map<string, number>();
  for (const [variant, rewritten] of files) {
    const measured = await measureChange(bytes, rewritten, given, run);
    changeOf.set(variant, measured.maxOutputChange);
    const title = `rewrite ${name}: ${variant}`;
    const beside = (value: number): { name: string; value: number } => ({ name: 'original', value });
    results.push(
      {
        name: `${title}, size`,
        value: measured.bytesAfter / 1e3,
        unit: 'kB',
        better: 'lower',
        reference: beside(measured.bytesBefore / 1e3),
      },
      ...(variant === 'prune-weights 0.5'
        ? [
            {
              name: `${title}, size compressed`,
              value: measured.compressedBytesAfter / 1e3,
              unit: 'kB',
              better: 'lower' as const,
              reference: beside(measured.compressedBytesBefore / 1e3),
            },
          ]
        : []),
      {
        name: `${title}, largest change`,
        value: measured.maxOutputChange,
        unit: 'probability',
        better: 'lower',
      },
      {
        name: `${title}, ${batch} rows at a time`,
        value: timeOf(variant),
        unit: 'us/row',
        better: 'lower',
        reference: beside(timeOf('original')),
      },
    );
  }
  if (theirs !== undefined) results.push(...compareWithPeer(name, files, changeOf, timeOf));
  return results;
}

/** Our quantizeInt8 compared with onnxruntime's: ratios of size, change and run time. */
function compareWithPeer(
  name: string,
  files: readonly (readonly [string, RewrittenModel])[],
  changeOf: ReadonlyMap<string, number>,
  timeOf: (variant: string) => number,
): BenchResult[] {
  const sizeOf = (variant: string): number =>
    (files.find(([one]) => one === variant)?.[1].bytesAfter ?? NaN) / 1e3;
  const against = (what: string, unit: string, of: (variant: string) => number): BenchResult => ({
    name: `rewrite ${name}: quantize-int8, ${what} beside Python`,
    value: of('quantize-int8'),
    unit,
    better: 'lower',
    reference: { name: 'onnxruntime quantize_dynamic', value: of('quantize_dynamic') },
  });
  return [
    against('size', 'kB', sizeOf),
    against('largest change', 'probability', (variant) => changeOf.get(variant) ?? NaN),
    against('run time', 'us/row', timeOf),
  ];
}

function quantizeWithPeer(bytes: Uint8Array): RewrittenModel | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-quantize-'));
  try {
    const [source, target] = [join(directory, 'in.onnx'), join(directory, 'out.onnx')];
    writeFileSync(source, bytes);
    if (runPeer('quantize.py', source, target) === undefined) return undefined;
    const made = Uint8Array.from(readFileSync(target));
    return {
      bytes: made,
      bytesBefore: bytes.length,
      bytesAfter: made.length,
      guarantee: 'measured',
      steps: [],
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function open(bytes: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
}

async function run(bytes: Uint8Array, { inputs }: ModelRows): Promise<Record<string, Float32Array>> {
  const session = await open(bytes);
  const feeds = Object.entries(inputs).map(
    ([name, { values, shape }]) => [name, new Tensor('float32', values, shape)] as const,
  );
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Microseconds per row of each file, in rounds that alternate between the files. */
async function timeAll(
  files: readonly (readonly [string, Uint8Array])[],
  given: ModelRows,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const parts = Array.from({ length: rows / batch }, (_, part) =>
    Object.fromEntries(
      Object.entries(given.inputs).map(([name, { values, shape }]) => {
        const width = values.length / rows;
        const slice = values.subarray(part * batch * width, (part + 1) * batch * width);
        return [name, new Tensor('float32', slice, [batch, ...shape.slice(1)])] as const;
      }),
    ),
  );
  const sessions = await Promise.all(files.map(async ([name, bytes]) => [name, await open(bytes)] as const));
  const times = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, session] of sessions) {
      const began = performance.now();
      for (const part of parts) await session.run(part, ['probability']);
      // The first round warms up.
      if (round > 0) {
        times.set(name, [...(times.get(name) ?? []), ((performance.now() - began) * 1000) / rows]);
      }
    }
  }
  for (const [, session] of sessions) await session.release();
  return times;
}

function buildSubjects(random: SeededRandom): readonly Subject[] {
  const weights = (inputs: number, outputs: number): Float32Array =>
    Float32Array.from({ length: inputs * outputs }, () => random.normal() / Math.sqrt(inputs));
  const scaler = (columns: number): Scaler => ({
    mean: new Float32Array(columns),
    scale: new Float32Array(columns).fill(1),
  });
  const layer = (inputs: number, units: number, activation: 'relu' | 'linear') => ({
    units,
    kernel: weights(inputs, units),
    bias: weights(units, 1),
    activation,
  });
  const recurrent = (inputs: number, units: number) => ({
    units,
    kernel: weights(inputs, 4 * units),
    recurrentKernel: weights(units, 4 * units),
    bias: new Float32Array(4 * units),
  });
  const networks: Subject['variants'] = [
    ['fold and remove', []],
    ['prune-weights 0.5', [pruneWeights({ sparsity: 0.5 })]],
    ['store-float16', [storeFloat16()]],
    ['store-int8', [storeInt8()]],
    ['quantize-int8', [quantizeInt8()]],
  ];
  const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
  return [
    {
      name: 'dense 50-512-256-1',
      bytes: buildEnsembleModel({
        featureNames: names,
        members: [
          {
            kind: 'dense',
            name: 'dense',
            weight: 1,
            dense: {
              scaler: scaler(50),
              layers: [layer(50, 512, 'relu'), layer(512, 256, 'relu'), layer(256, 1, 'linear')],
            },
          },
        ],
      }),
      variants: networks,
      quantises: true,
    },
    {
      name: 'LSTM 60 x 50, 64 units',
      bytes: buildLstmModel({
        steps: 60,
        channels: 50,
        layers: [recurrent(50, 64)],
        dense: { kernel: weights(64, 1), bias: new Float32Array(1) },
        scaler: scaler(50),
      }),
      variants: networks,
      quantises: true,
    },
    {
      name: '300 trees x depth 6, 50 features',
      bytes: buildTreeModel({
        featureNames: names,
        trees: Array.from({ length: 300 }, (_, round) => buildTree(random, round)),
        offset: 0,
        link: 'sigmoid',
      }),
      variants: [
        ['prune-trees', [pruneTrees()]],
        ['shrink-trees 0.04', [pruneTrees(), shrinkTrees({ maxMarginChange: 0.04 })]],
        ['shrink-trees 0.4', [pruneTrees(), shrinkTrees({ maxMarginChange: 0.4 })]],
      ],
      quantises: false,
    },
  ];
}

/** A complete tree of depth 6 as boosting makes them: a few strong features dominate, and late trees contribute little. */
function buildTree(random: SeededRandom, round: number): Tree {
  const inner = 63;
  const nodes = 2 * inner + 1;
  const feature = Int32Array.from({ length: nodes }, (_, node) =>
    node < inner ? Math.floor(50 * random.next() ** 3) : -1,
  );
  const scale = 0.2 * 0.985 ** round;
  return {
    feature,
    threshold: Float32Array.from(feature, (column) => (column < 0 ? 0 : Math.round(random.normal() * 8) / 8)),
    yes: Int32Array.from(feature, (column, node) => (column < 0 ? 0 : 2 * node + 1)),
    no: Int32Array.from(feature, (column, node) => (column < 0 ? 0 : 2 * node + 2)),
    missingYes: Uint8Array.from(feature, (column) => (column >= 0 && random.next() < 0.5 ? 1 : 0)),
    value: Float32Array.from(feature, (column) => (column < 0 ? random.normal() * scale : 0)),
    depth: 6,
  };
}
