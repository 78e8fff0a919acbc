import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { ingestion } from './ingestion.module.js';

await runStandalone(ingestion, process.env);
