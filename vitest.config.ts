import { defineConfig } from 'vitest/config';

// Without Vite's 'module': packages run in Node, and what bundlers get from some is not what Node can load.
const conditions = ['@headrace/source', 'node', 'development|production'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const servers = ['**/*.integration.spec.ts', 'test/**/*.spec.ts'];

/** `unit` needs nothing but Node; `servers` holds what talks to real servers and the scenarios across services. */
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
          testTimeout: 30_000,
          hookTimeout: 60_000,
          pool: 'forks',
        },
      },
      {
        ...source,
        test: {
          name: 'servers',
          include: ['{libs,services}/**/*.integration.spec.ts', 'test/**/*.spec.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          fileParallelism: false,
        },
      },
    ],
  },
});
