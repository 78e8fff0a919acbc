import nx from '@nx/eslint-plugin';
import n from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

const onlyIn = (paths, why) => paths.map((name) => ({ name, message: why }));

/** What a framework offers and the architecture forbids. */
const forbiddenImports = [
  {
    name: '@nestjs/common',
    importNames: ['forwardRef', 'HttpException'],
    message: 'A cycle is a missing event; errors are AppErrors.',
  },
  {
    name: '@nestjs/core',
    importNames: ['ModuleRef'],
    message: 'Inject what you need by its class.',
  },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.nx/**',
      '**/generated/**',
      'vitest.config.ts',
      '**/*.mjs',
      '.headrace/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { '@nx': nx, n },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      curly: ['error', 'multi-line'],
      'no-console': 'error',
      'n/no-process-env': 'error',
      // Words that were replaced, so that each thing keeps one name; ARCHITECTURE.md has the glossary.
      'id-denylist': [
        'error',
        'firstTime',
        'stateFacts',
        'obstruct',
        'letGo',
        'hear',
        'outworn',
        'hasty',
        'wish',
        'Wish',
        'doorbell',
        'Doorbell',
        'StartingGate',
        'process_',
      ],
      'no-restricted-syntax': [
        'error',
        {
          // What is excepted stands in events, stored results or declarations of people.
          selector:
            'Identifier[name=/^(most|least|longest|largest|fewest)(?!(Difference|OutputChange|WeightChange|StepSeconds|Waiting)$)[A-Z]/]',
          message: 'Bounds are named max and min.',
        },
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        {
          selector: 'Literal[value=/^headrace\\.[a-z-]+\\.[a-z-]+\\.v[0-9]+$/]',
          message: 'Topics are declared in libs/contracts/src/events only.',
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: forbiddenImports,
          patterns: [{ group: ['@headrace/*/testing'], message: 'Test harnesses belong to specs.' }],
        },
      ],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          banTransitiveDependencies: true,
          checkDynamicDependenciesExceptions: ['.*'],
          allow: [],
          depConstraints: [
            {
              sourceTag: 'type:kernel',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:testing'],
              bannedExternalImports: ['@nestjs/*', 'kafkajs', 'ioredis', 'typeorm'],
            },
            {
              sourceTag: 'type:contracts',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:testing'],
              bannedExternalImports: ['@nestjs/*', 'kafkajs', 'ioredis', 'typeorm'],
            },
            {
              sourceTag: 'type:pure',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:testing'],
              bannedExternalImports: ['@nestjs/*', 'kafkajs', 'ioredis', 'typeorm'],
            },
            {
              sourceTag: 'type:infra',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:contracts', 'type:infra', 'type:testing'],
            },
            {
              sourceTag: 'type:host',
              onlyDependOnLibsWithTags: ['type:kernel', 'type:contracts', 'type:infra', 'type:testing'],
            },
            {
              sourceTag: 'type:service',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:contracts',
                'type:pure',
                'type:infra',
                'type:host',
                'type:testing',
              ],
              bannedExternalImports: ['kafkajs', 'ioredis', '@influxdata/*', '@aws-sdk/*', 'lmdb', 'pg'],
            },
            {
              sourceTag: 'type:composition',
              onlyDependOnLibsWithTags: [
                'type:kernel',
                'type:contracts',
                'type:pure',
                'type:infra',
                'type:host',
                'type:service',
                'type:testing',
              ],
            },
            { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', '**/testing/**/*.ts', 'libs/testing/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: forbiddenImports }],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'n/no-process-env': 'off',
      'no-console': 'off',
    },
  },
  {
    files: ['libs/contracts/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
      ],
    },
  },
  { files: ['services/*/src/main.ts', 'tools/vitest/*.ts'], rules: { 'n/no-process-env': 'off' } },
  { files: ['tools/vitest/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['services/*/src/adapters/http/**/*.ts', 'libs/service-host/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
