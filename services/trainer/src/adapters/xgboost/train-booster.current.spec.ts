import { describeWithCurrentLibrary } from './testing/current-library.js';
import { describeTraining } from './testing/training.contract.js';
import { XgboostLibrary } from './xgboost-library.js';

await describeWithCurrentLibrary('a current XGBoost', ({ path }) =>
  describeTraining(XgboostLibrary.load(path)),
);
