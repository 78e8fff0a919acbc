import { defineConfig } from 'vitest/config';

// Without Vite's 'module': packages run in Node, and what bundlers get from some is not what Node can load.
const conditions = ['@headrace/source', 'node', 'development|production'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const servers = ['**/*.integration.spec.ts', 'test/**/*.spec.ts'];
const scenarios = 'test/scenarios/*.spec.ts';

/**
 * `unit` needs nothing but Node; `servers` holds what talks to real servers, one file at a time, because some of it stops
 * them; `scenarios` are those across all services, side by side: at most one of them uses the servers.
 *
 * Timeouts end what hangs; they are no claim about speed. A machine with other work to do takes ten times as long.
 */
export default defineConfig({
  test: {
    reporters: ['default', './tools/vitest/closing-line.ts'],
    globalSetup: ['./tools/vitest/servers.ts'],
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['{libs,services}/**/*.spec.ts', 'tools/**/*.spec.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', ...servers],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          pool: 'forks',
          // Without it one less than the processors, which of two is one.
          maxWorkers: '100%',
        },
      },
      {
        ...source,
        test: {
          name: 'servers',
          include: ['{libs,services}/**/*.integration.spec.ts', 'test/**/*.spec.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', scenarios],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          pool: 'forks',
          fileParallelism: false,
        },
      },
      {
        ...source,
        test: {
          name: 'scenarios',
          include: [scenarios],
          exclude: ['**/node_modules/**', '**/dist/**'],
          hookTimeout: 240_000,
          pool: 'forks',
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
