import { defineConfig } from 'vitest/config';

const conditions = ['@headrace/source'];
const source = {
  resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
};
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
