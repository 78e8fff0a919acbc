export {
  type Component,
  type ComponentOptions,
  type HttpAnswer,
  type RestartOptions,
  type TestEvent,
} from './component.js';
export { startComponent } from './start-component.js';
