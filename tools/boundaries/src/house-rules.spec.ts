/**
 * Goal: the core stays pure, and the rules of the house are errors, not advice.
 * Method: each thing that must not be written is planted in a text that the linter reads, and its
 * complaint is demanded; beside it stands the form that is right, which must pass.
 */
import { lintPlants, type Complaint, type Plant } from './plant';

interface Expectation extends Plant {
  /** The rule that must complain; undefined where nothing may. */
  readonly ruleId?: string;
}

const CORE = 'libs/capacity-core/src/planted.ts';
const CORE_SPEC = 'libs/capacity-core/src/planted.spec.ts';
const LIB = 'libs/platform/src/planted.ts';
const LIB_SPEC = 'libs/platform/src/planted.spec.ts';
// Rules with types read the types of a file that exists.
const TYPED_LIB = 'libs/contracts/src/fields.ts';

const GLOBALS = 'no-restricted-globals';
const SYNTAX = 'no-restricted-syntax';
const PROPERTIES = 'no-restricted-properties';
const IMPORTS = 'no-restricted-imports';

const IMPURE: [text: string, ruleId: string][] = [
  ["import 'node:fs';", IMPORTS],
  ["import 'crypto';", IMPORTS],
  ["import '@opd/contracts';", IMPORTS],
  ["export const a = () => import('./types');", SYNTAX],
  ['export const a = process.env.HOME;', GLOBALS],
  ['export const a = globalThis;', GLOBALS],
  ["export const a = Buffer.from('a');", GLOBALS],
  ['export const a = setTimeout(String, 1);', GLOBALS],
  ['export const a = setInterval(String, 1);', GLOBALS],
  ['export const a = setImmediate(String);', GLOBALS],
  ['queueMicrotask(String);', GLOBALS],
  ["export const a = fetch('/');", GLOBALS],
  ['export const a = performance.now();', GLOBALS],
  ['export const a = crypto.randomUUID();', GLOBALS],
  ["console.log('a');", GLOBALS],
  ['export const a = new Intl.NumberFormat();', GLOBALS],
  ['export const a = Promise.resolve(1);', GLOBALS],
  ['export type A = Promise<number>;', SYNTAX],
  ['export async function a() { return 1; }', SYNTAX],
  ['export const a = async () => 1;', SYNTAX],
  ['export const a = Date.now();', PROPERTIES],
  ['export const { now } = Date;', PROPERTIES],
  ['export const a = new Date();', SYNTAX],
  ['export const a = Date();', SYNTAX],
  ['export const a = Math.random();', PROPERTIES],
];

const PURE: Expectation[] = [
  ["import { tierOf } from './types';\nexport const a = tierOf;", CORE],
  ['export const a = new Date(0);', CORE],
  ['export const a = Math.floor(1.5);', CORE],
  ["import fc from 'fast-check';\nexport const a = fc;", CORE_SPEC],
  ['export const a = Date.now();', LIB],
].map(([text = '', file = '']) => ({ name: `passes: ${text}`, file, text }));

const nested = `export function f(a: boolean) {
  if (a) { if (a) { if (a) { if (a) { return 1; } } } }
  return 2;
}`;
const branches = (count: number) =>
  `export function f(a: number) {\n${Array.from({ length: count }, (_, n) => `if (a === ${n}) return ${n};`).join('\n')}\nreturn -1; }`;
const lines = (count: number) => Array.from({ length: count }, (_, n) => `// ${n}`).join('\n');

const HOUSE: Expectation[] = [
  { name: 'an enum', file: LIB, text: 'export enum A { B }', ruleId: SYNTAX },
  { name: 'a default export', file: LIB, text: 'export default 1;', ruleId: SYNTAX },
  {
    name: 'four parameters',
    file: LIB,
    text: 'export const f = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];',
    ruleId: SYNTAX,
  },
  {
    name: 'four parameters of a constructor',
    file: LIB,
    text: 'export class A { constructor(a: 1, b: 1, c: 1, d: 1) { String([a, b, c, d]); } }',
    ruleId: SYNTAX,
  },
  {
    name: 'four parameters in a spec',
    file: LIB_SPEC,
    text: 'export const f = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];',
    ruleId: SYNTAX,
  },
  {
    name: 'passes: a table of four columns',
    file: LIB_SPEC,
    text: "it.each([[1, 2, 3, 4]])('a', (a, b, c, d) => { expect([a, b, c, d]).toEqual([]); });",
  },
  {
    name: 'passes: what Nest injects',
    file: LIB,
    text: `export class A {
      constructor(private a: 1, private b: 1, private c: 1, private d: 1) {}
      f(@D() a: 1, @D() b: 1, @D() c: 1, @D() d: 1) { return [a, b, c, d, this]; }
    }`,
  },
  {
    name: 'any',
    file: LIB,
    text: 'export type A = any;',
    ruleId: '@typescript-eslint/no-explicit-any',
  },
  { name: 'console in a library', file: LIB, text: "console.log('a');", ruleId: 'no-console' },
  { name: 'a depth of four', file: LIB, text: nested, ruleId: 'max-depth' },
  { name: 'a complexity of eleven', file: LIB, text: branches(10), ruleId: 'complexity' },
  { name: 'passes: a complexity of ten', file: LIB, text: branches(9) },
  {
    name: 'a function of 71 lines',
    file: LIB,
    text: `export function f() {\n${lines(69)}\n}`,
    ruleId: 'max-lines-per-function',
  },
  { name: 'passes: 70 lines', file: LIB, text: `export function f() {\n${lines(68)}\n}` },
  { name: 'a file of 301 lines', file: LIB, text: lines(301), ruleId: 'max-lines' },
  { name: 'passes: a spec of 500 lines', file: LIB_SPEC, text: lines(500) },
  { name: 'a spec of 501 lines', file: LIB_SPEC, text: lines(501), ruleId: 'max-lines' },
  ...[
    "it.only('a', () => undefined);",
    "it.skip('a', () => undefined);",
    "describe.only('a', () => undefined);",
    "describe.skip('a', () => undefined);",
    "it.todo('a');",
    "it.only.each([1])('a', () => undefined);",
    "it.concurrent.only('a', () => undefined);",
    "fit('a', () => undefined);",
    "xdescribe('a', () => undefined);",
  ].map((text) => ({ name: `a spec's ${text}`, file: LIB_SPEC, text, ruleId: SYNTAX })),
  {
    name: 'passes: find().skip',
    file: LIB_SPEC,
    text: 'export const f = (a: { skip(n: 1): 1 }) => a.skip(1);',
  },
];

const TYPED: Expectation[] = (
  [
    ['a floating promise', 'Promise.resolve(1);', '@typescript-eslint/no-floating-promises'],
    [
      'a promise as a condition',
      'export const a = () => { if (Promise.resolve(true)) return 1; return 2; };',
      '@typescript-eslint/no-misused-promises',
    ],
    [
      'a switch that forgets a case',
      "export function f(a: 'x' | 'y') { switch (a) { case 'x': return 1; } return 2; }",
      '@typescript-eslint/switch-exhaustiveness-check',
    ],
    [
      'a type imported as a value',
      "import { Page } from './fields';\nexport type A = Page<1>;",
      '@typescript-eslint/consistent-type-imports',
    ],
    ['passes: an awaited promise', 'export const a = async () => { await Promise.resolve(1); };'],
  ] as const
).map(([name, text, ruleId]) => ({ name, file: TYPED_LIB, text, ruleId, typed: true }));

const UNUSED_DISABLE: Expectation = {
  name: 'a disabled rule that does not complain',
  file: LIB,
  text: '// eslint-disable-next-line no-var\nexport const a = 1;',
};

const EXPECTATIONS: Expectation[] = [
  ...IMPURE.map(([text, ruleId]) => ({ name: `impure: ${text}`, file: CORE, text, ruleId })),
  ...PURE,
  ...HOUSE,
  ...TYPED,
];

describe('house rules', () => {
  let reports: Complaint[][];

  beforeAll(() => {
    reports = lintPlants([...EXPECTATIONS, UNUSED_DISABLE]);
  }, 120_000);

  it.each(EXPECTATIONS.map((expectation, index) => ({ ...expectation, index })))(
    '$name',
    ({ index, ruleId }) => {
      const complaints = reports[index] ?? [];
      if (ruleId === undefined) expect(complaints).toEqual([]);
      else expect(complaints.map((complaint) => complaint.ruleId)).toContain(ruleId);
    },
  );

  it(UNUSED_DISABLE.name, () => {
    expect(reports.at(-1)).toEqual([
      { ruleId: null, message: expect.stringContaining('Unused eslint-disable directive') },
    ]);
  });
});
