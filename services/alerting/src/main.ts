import 'reflect-metadata';
import { runStandalone } from '@headrace/service-host';
import { alerting } from './alerting.module.js';

await runStandalone(alerting, process.env);
