export { EntityWindows, type Acceptance, type WindowFill } from './entity-windows.js';
export { windowFeatures, type WindowLayout, type WindowStatistic } from './window-layout.js';
