import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryDirectory } from '@headrace/testing';
import { describe, expect, it } from 'vitest';
import { xgboostParameters } from '../../application/xgboost-parameters.js';
import { type Booster } from './booster.js';
import { DMatrix, type DenseMatrix } from './d-matrix.js';
import { findXgboostLibrary } from './find-xgboost-library.js';
import { ownOpenMp } from './open-mp.js';
import { trainBooster } from './train-booster.js';
import { XgboostLibrary } from './xgboost-library.js';

const own = ownOpenMp();
const native = join(import.meta.dirname, '../../../native');

/** A copy of a library that wants, or is, `libgomp.so.9`: no system has that, whatever else it has. */
function renamed(path: string, directory: string): string {
  const bytes = readFileSync(path);
  const name = Buffer.from('libgomp.so.1\0');
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) bytes.write('9', at + 11);
  const copy = join(directory, basename(path));
  writeFileSync(copy, bytes);
  return copy;
}

describe.runIf(own !== undefined)('a machine without OpenMP (Linux x64)', async () => {
  if (own === undefined) return;
  const nothingElse = { cacheDirectory: '/nowhere', pythonPackage: async () => undefined, systemNames: [] };
  const bundled = await findXgboostLibrary(nothingElse);

  it('cannot load the library by itself', () => {
    expect(() =>
      XgboostLibrary.load(renamed(bundled.path, temporaryDirectory()), '/nowhere/libgomp.so'),
    ).toThrow(/cannot open shared object file/);
  });

  it('runs it on the runtime that the trainer carries, in as many threads, to the same bits', () => {
    const directory = temporaryDirectory();
    const carried = renamed(own, directory);
    const library = XgboostLibrary.load(renamed(bundled.path, directory), carried);
    expect(library.openMp).toBe(carried);
    const cells = Float32Array.from({ length: 4000 }, (_, cell) => ((cell * 7919) % 1009) / 1009);
    const matrix: DenseMatrix = { values: cells, rows: 1000, columns: 4 };
    const label = Float32Array.from({ length: 1000 }, (_, row) =>
      cells[row * 4]! + cells[row * 4 + 1]! > 1 ? 1 : 0,
    );
    const other = XgboostLibrary.load(bundled.path);
    for (const tree_method of ['hist', 'approx', 'exact'] as const) {
      for (const threads of [1, 2, 5]) {
        const models = [library, other].map((loaded) => {
          const { booster } = trainBooster(loaded, {
            parameters: xgboostParameters.parse({ tree_method, max_depth: 4, subsample: 0.8 }),
            rounds: 10,
            threads,
            data: { ...matrix, label },
          });
          const answer = [booster.save('ubj'), predict(booster, matrix, threads)];
          booster.free();
          return answer;
        });
        expect(models[0]).toEqual(models[1]);
      }
    }
  });

  it('gets the binary of the source that lies beside it', () => {
    const digest = createHash('sha256')
      .update(readFileSync(join(native, 'libgomp.c')))
      .digest('hex');
    expect(readFileSync(own).includes(`headrace-openmp-source:${digest}`)).toBe(true);
  });
});

describe.runIf(process.platform === 'linux')('the runtime of OpenMP', () => {
  it('is named by its file', async () => {
    const { openMp } = await findXgboostLibrary();
    expect(openMp).toMatch(/libgomp/);
  });
});

function predict(booster: Booster, data: DenseMatrix, threads: number): Float32Array {
  const matrix = DMatrix.from(booster.library, data, { threads });
  try {
    return booster.predict(matrix).values;
  } finally {
    matrix.free();
  }
}
