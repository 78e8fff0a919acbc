import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { consoleService } from './console.module.js';

await runStandalone(consoleService, process.env);
