import { cpSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../..');

/**
 * The environment of the tour: free ports, a data directory of its own, and the shipped declarations overlaid with those
 * of `demo-config`, which shorten minutes to seconds.
 */
export function demoEnvironment(directory: string): Record<string, string> {
  const declarations = join(directory, 'config');
  for (const from of [join(root, 'config'), join(root, 'services/all-in-one/demo-config')]) {
    cpSync(from, declarations, { recursive: true, filter: (source) => !source.includes('/data/') });
  }
  return {
    HEADRACE_DATA_DIR: join(directory, 'data'),
    HEADRACE_CONFIG_DIR: declarations,
    HEADRACE_PORT_BASE: '0',
    TRAINER_FIRST_MODEL_CHECK_SECONDS: '1',
    TRAINER_POLL_SECONDS: '1',
    CANARY_TICK_MS: '200',
    DRIFT_CHECK_EVERY_MS: '500',
    ALERTING_GROUP_WAIT_MS: '500',
  };
}
