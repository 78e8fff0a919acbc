export { AppError, describeError, isAppError, type ErrorKind } from './app-error.js';
export { assertNever } from './assert-never.js';
export { Clock, SystemClock } from './clock.js';
export { type Closeable } from './closeable.js';
export { type Declared } from './declared.js';
export { finiteOrNull } from './finite-or-null.js';
export { deterministicId, digestOf, newId } from './ids.js';
export { Random, SeededRandom } from './random.js';
export { type Measured, type Verdict } from './verdict.js';
