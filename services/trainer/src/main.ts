import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { trainer } from './trainer.module.js';

await runStandalone(trainer, process.env);
