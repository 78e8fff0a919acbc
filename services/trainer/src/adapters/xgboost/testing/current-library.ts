import { describe } from 'vitest';
import { findXgboostLibrary, type FoundLibrary } from '../find-xgboost-library.js';

/**
 * A suite that needs a current library, 2.1 or newer. Without one it is reported as skipped, by name and with what to
 * do; under CI=true that is a failure, so that nothing is skipped there unseen.
 */
export async function describeWithCurrentLibrary(
  title: string,
  body: (library: FoundLibrary) => void,
): Promise<void> {
  const found = await findXgboostLibrary({
    configuredPath: process.env['XGBOOST_LIBRARY'] ?? '',
    ...(process.env['XGBOOST_CACHE_DIR'] !== undefined && {
      cacheDirectory: process.env['XGBOOST_CACHE_DIR'],
    }),
  });
  const [major = 0, minor = 0] = found.version.split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 1)) {
    describe(`${title} (XGBoost ${found.version})`, () => body(found));
    return;
  }
  const reason = `needs XGBoost 2.1, found is ${found.version}: npm run xgboost:fetch`;
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      throw new Error(`CI=true and the library is not there: ${reason}`);
    });
  } else describe.skip(`${title} (${reason})`, () => body(found));
}
