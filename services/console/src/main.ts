import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { console } from './console.module.js';

await runStandalone(console, process.env);
