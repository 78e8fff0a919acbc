import { describeLoop } from './describe-loop.js';

describeLoop('embedded adapters', () => Promise.resolve({}));
