const path = require('node:path');
const { paths } = require('./tsconfig.base.json').compilerOptions;

const escape = (text) => text.replace(/[/@.-]/g, (c) => (c === '@' ? c : `\\${c}`));

// Only our own aliases: the `redlock` entry of tsconfig.base.json points at a type file.
const moduleNameMapper = Object.fromEntries(
  Object.entries(paths)
    .filter(([alias]) => alias.startsWith('@opd/'))
    .map(([alias, [file]]) => [`^${escape(alias)}$`, path.join(__dirname, file)]),
);

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  moduleNameMapper,
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
        swcrc: false,
      },
    ],
  },
  // jose is ESM only; the MongoDB driver's adapter uses import(), which Jest's sandbox refuses.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:.*/node_modules/)?(?:jose/|mongodb/lib/runtime_adapters\\.js$))',
  ],
  clearMocks: true,
};
