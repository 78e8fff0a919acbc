import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { canaryController } from './canary-controller.module.js';

await runStandalone(canaryController, process.env);
