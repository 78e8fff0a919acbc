import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { drift } from './drift.module.js';

await runStandalone(drift, process.env);
