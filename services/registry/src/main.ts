import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { registry } from './registry.module.js';

await runStandalone(registry, process.env);
