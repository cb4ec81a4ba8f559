import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

process.env.NX_DAEMON ??= 'false';
// Without a project graph the boundaries rule only warns on stderr and lets everything through.
await createProjectGraphAsync({ exitOnError: true });

const SPECS = '**/*.spec.ts';
const CORE = 'libs/capacity-core/src/**/*.ts';

/* --- Which part may import which ------------------------------------------------------------- */

// What each kind of part may import of ours, and which npm packages. A part of one kind never
// imports a neighbour of its own kind: the app wires them.
const IMPORTS = {
  'type:domain': { ours: [], onlyNpm: [] },
  'type:contract': { ours: ['type:domain'], onlyNpm: ['zod'] },
  'type:infra': { ours: ['type:domain', 'type:contract'] },
  'type:feature': {
    ours: ['type:domain', 'type:contract', 'type:infra'],
    bannedNpm: ['redlock', 'ioredis'],
  },
  'type:host': {
    ours: ['type:domain', 'type:contract', 'type:infra', 'type:feature'],
    bannedNpm: ['redlock', 'ioredis'],
  },
  'type:app': {
    ours: ['type:domain', 'type:contract', 'type:infra', 'type:feature', 'type:host'],
    bannedNpm: ['mongoose', 'mongodb', 'ioredis', 'redlock'],
  },
  'type:test': { ours: ['type:domain', 'type:contract', 'type:service'] },
  'type:service': { ours: [] },
  'type:tool': {
    ours: [
      'type:domain',
      'type:contract',
      'type:infra',
      'type:feature',
      'type:host',
      'type:test',
      'type:service',
    ],
  },
};

// Specs look at a part from outside: through real servers, raw drivers and generated input.
const SPEC_IMPORTS = {
  ...IMPORTS,
  'type:domain': { ours: [], onlyNpm: ['fast-check'] },
  'type:contract': { ours: ['type:domain'], onlyNpm: ['zod', 'fast-check'] },
  'type:infra': { ours: [...IMPORTS['type:infra'].ours, 'type:test'] },
  'type:feature': { ours: [...IMPORTS['type:feature'].ours, 'type:test'] },
  'type:host': { ours: [...IMPORTS['type:host'].ours, 'type:test'] },
  'type:app': { ours: [...IMPORTS['type:app'].ours, 'type:test'] },
};

// What belongs to one audience is closed to the others.
const SCOPES = [
  {
    sourceTag: 'scope:shared',
    notDependOnLibsWithTags: ['scope:patient', 'scope:desk', 'scope:admin'],
  },
  { sourceTag: 'scope:patient', onlyDependOnLibsWithTags: ['scope:patient', 'scope:shared'] },
  { sourceTag: 'scope:desk', onlyDependOnLibsWithTags: ['scope:desk', 'scope:shared'] },
  { sourceTag: 'scope:admin', onlyDependOnLibsWithTags: ['scope:admin', 'scope:shared'] },
  { sourceTag: 'scope:tools', onlyDependOnLibsWithTags: ['scope:tools', 'scope:shared'] },
];

function boundaries(imports, allow = []) {
  const types = Object.entries(imports).map(([sourceTag, { ours, onlyNpm, bannedNpm }]) => ({
    sourceTag,
    onlyDependOnLibsWithTags: ours,
    ...(onlyNpm && { allowedExternalImports: onlyNpm }),
    ...(bannedNpm && { bannedExternalImports: bannedNpm.flatMap((name) => [name, `${name}/*`]) }),
  }));
  const options = { enforceBuildableLibDependency: false, allow };
  return ['error', { ...options, depConstraints: [...types, ...SCOPES] }];
}

/* --- What the code may not say --------------------------------------------------------------- */

const HOUSE_SYNTAX = [
  {
    selector: 'TSEnumDeclaration',
    message: 'Use an `as const` list and its union type: it is what crosses the border anyway.',
  },
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name, so that a thing has one name everywhere.',
  },
];

// Nest fills in decorated parameters and injected properties by itself: nobody counts those.
const MANY_PARAMETERS =
  ':function[params.length>3]:not([params.3.decorators.length>0]):not([params.3.type="TSParameterProperty"])';
const FEW_PARAMETERS = 'Take at most three parameters, then one named object.';

const SOURCE_SYNTAX = [{ selector: MANY_PARAMETERS, message: FEW_PARAMETERS }];

const SPEC_SYNTAX = [
  // What is handed to a call may be a row of a table, as in `it.each`.
  { selector: `${MANY_PARAMETERS}:not(CallExpression > *)`, message: FEW_PARAMETERS },
  {
    selector:
      'MemberExpression[property.name=/^(only|skip|todo)$/]:matches([object.name=/^(describe|it|test)$/], [object.object.name=/^(describe|it|test)$/])',
    message: 'Every test runs, or is deleted.',
  },
  {
    selector: 'CallExpression[callee.name=/^(fdescribe|fit|xdescribe|xit|xtest)$/]',
    message: 'Every test runs, or is deleted.',
  },
];

const PURE_SYNTAX = [
  {
    selector: ':function[async=true]',
    message: 'The core has no async: it decides, others wait.',
  },
  { selector: 'AwaitExpression, ForOfStatement[await=true]', message: 'The core has no async.' },
  {
    selector: 'TSTypeReference[typeName.name=/^Promise(Like)?$/]',
    message: 'The core has no async.',
  },
  {
    selector:
      'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]',
    message: 'The core has no clock: take the instant as an argument.',
  },
  { selector: 'ImportExpression, MetaProperty', message: 'The core imports its own files only.' },
];

const IMPURE_GLOBALS = [
  'process',
  'Buffer',
  'require',
  'module',
  'globalThis',
  'global',
  'console',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'structuredClone',
  'fetch',
  'performance',
  'crypto',
  'Promise',
  'Intl',
].map((name) => ({ name, message: 'The core is pure: the same input, the same answer.' }));

function onlyImports(pattern, message) {
  return ['error', { patterns: [{ regex: `^(?!${pattern})`, message }] }];
}

export default defineConfig(
  { ignores: ['**/node_modules', '**/dist', '.nx', '.opd', '**/coverage', '**/*.mts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,mjs,ts}'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'max-depth': ['error', 3],
      complexity: ['error', { max: 10, variant: 'modified' }],
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', { max: 70 }],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(IMPORTS),
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX, ...SOURCE_SYNTAX],
    },
  },
  { files: ['{libs,apps}/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    files: [SPECS],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(SPEC_IMPORTS),
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX, ...SPEC_SYNTAX],
      'max-lines': ['error', 500],
      'max-lines-per-function': 'off',
      // A test reads answers as they come; what is not there fails its assertion.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    // A race over several APIs starts them all, each through its front door.
    files: ['apps/**/*.spec.ts', 'tools/**/*.spec.ts'],
    ignores: ['tools/services/**'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(SPEC_IMPORTS, [
        '^@opd/(patient|desk|admin)-api$',
      ]),
    },
  },
  {
    files: ['libs/contracts/src/**/*.ts'],
    rules: {
      // Consoles read the contracts in a browser, so Node's own modules are closed to them too.
      'no-restricted-imports': onlyImports(
        '(\\.{1,2}/|zod$|fast-check$|@opd/)',
        'The contracts import zod and the core only.',
      ),
    },
  },
  {
    files: [CORE],
    ignores: [SPECS],
    rules: {
      'no-restricted-imports': onlyImports('\\.{1,2}/', 'The core imports its own files only.'),
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The core has no clock.' },
        { object: 'Math', property: 'random', message: 'The core leaves nothing to chance.' },
      ],
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX, ...SOURCE_SYNTAX, ...PURE_SYNTAX],
    },
  },
  {
    files: ['libs/capacity-core/src/**/*.spec.ts'],
    rules: {
      'no-restricted-imports': onlyImports(
        '(\\.{1,2}/|fast-check$)',
        "The core's specs import its own files and fast-check only.",
      ),
    },
  },
  prettier,
);
