import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { inference } from './inference.module.js';

await runStandalone(inference, process.env);
