import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { featureStore } from './feature-store.module.js';

await runStandalone(featureStore, process.env);
