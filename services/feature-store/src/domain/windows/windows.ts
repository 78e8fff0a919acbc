export { EntityWindows, type Acceptance, type WindowFill } from './entity-windows.js';
export { windowFeatureNames, windowStatistics, type WindowLayout } from './window-layout.js';
