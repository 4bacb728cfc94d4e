// Type-aware lint. Workflow code has rules of its own: it must replay, so nothing undeterministic may be named there.
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

const builtins = builtinModules.filter((name) => name !== 'assert');

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.sluice/', '.test/', '**/*.generated.ts'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['workflows/**/*.ts', 'contracts/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [...builtins, ...builtins.map((name) => `node:${name}`)],
          patterns: [
            {
              regex: '/(adapters|ports|server|cli|sql)/',
              message: 'Workflow code is pure: no adapters, no composition root.',
            },
            { regex: '/activities/', message: 'Activities by type only.', allowTypeImports: true },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'fetch', 'performance', 'crypto', 'setInterval', 'require'],
    },
  },
  { files: ['cli/**/*.ts', 'bench/**/*.ts', 'server/log.ts'], rules: { 'no-console': 'off' } },
  { files: ['tests/**/*.ts'], rules: { '@typescript-eslint/no-unsafe-assignment': 'off' } },
);
