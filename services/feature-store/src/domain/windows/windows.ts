export { EntityWindows, type Acceptance, type WindowFill } from './entity-windows.js';
export {
  windowFeatureNames,
  windowFeatures,
  type WindowLayout,
  type WindowStatistic,
} from './window-layout.js';
