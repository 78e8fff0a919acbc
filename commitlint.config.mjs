import { readdirSync } from 'node:fs';

const projects = ['libs', 'services'].flatMap((folder) => readdirSync(folder));

export default {
  extends: ['@commitlint/config-conventional'],
  rules: {
    'scope-enum': [
      2,
      'always',
      [
        ...projects,
        'workspace',
        'deploy',
        'proto',
        'scenarios',
        'tools',
        'docs',
        'config',
        'ci',
        'conformance',
      ],
    ],
    'header-max-length': [2, 'always', 72],
  },
};
