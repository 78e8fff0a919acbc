import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Gives every project the same three targets, so that no project file repeats them: `typecheck` (which also emits
 * `dist/`), `lint`, and `test` (unit and component tests; the suites that need real servers run from the root).
 */
export const createNodesV2 = [
  '{libs,services}/*/package.json',
  (files, _options, { workspaceRoot }) =>
    files.map((file) => {
      const root = dirname(file);
      const hasComponentTests = existsSync(join(workspaceRoot, root, 'test/tsconfig.json'));
      return [
        file,
        {
          projects: {
            [root]: {
              root,
              projectType: 'library',
              targets: {
                typecheck: command(`tsc -b ${root}${hasComponentTests ? ` ${root}/test` : ''}`),
                lint: command(`eslint ${root}`),
                test: command(`vitest run --project unit ${root}/ --passWithNoTests`),
              },
            },
          },
        },
      ];
    }),
];

const command = (text) => ({ executor: 'nx:run-commands', options: { command: text, cwd: '.' } });
