import { describe, expect, it } from 'vitest';
import { findXgboostLibrary } from './find-xgboost-library.js';
import { describeTraining } from './testing/training.contract.js';
import { XgboostLibrary } from './xgboost-library.js';

const isOnLinux = process.platform === 'linux' && process.arch === 'x64';
const nothingElse = { cacheDirectory: '/nowhere', pythonPackage: async () => undefined, systemNames: [] };
const found = isOnLinux ? await findXgboostLibrary(nothingElse) : undefined;

if (found === undefined) {
  describe.skip('the bundled XGBoost (it runs on Linux x64 only)', () => it('trains', () => undefined));
} else {
  describe('the bundled XGBoost', () => {
    const library = XgboostLibrary.load(found.path);
    it('is the oldest that works', () => expect(library.version).toBe('1.7.5'));
    describeTraining(library);
  });
}
