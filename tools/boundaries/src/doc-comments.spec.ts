/**
 * Goal: every name that a library exports says what it promises.
 * Method: reads each source file of libs/ with the TypeScript parser; the check itself is first
 * tried on texts with known holes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { undocumentedExports } from './doc-comments';
import { WORKSPACE } from './plant';
import { projects, sourceFiles } from './projects';

const holes = (text: string) =>
  undocumentedExports('a.ts', text).map(({ line, name }) => `${line} ${name}`);

describe('the check for doc comments', () => {
  it.each([
    ['export const a = 1;', ['1 a']],
    ['// A line comment is none.\nexport const a = 1;', ['2 a']],
    ['export const a = 1, b = 2;', ['1 a', '1 b']],
    ['\n\nexport function f() {}', ['3 f']],
    ['export class C {}', ['1 C']],
    ['export interface I {}', ['1 I']],
    ['export type T = 1;', ['1 T']],
    ['/** A. */\nexport const A = 1;\nexport type B = 2;', ['3 B']],
    ['const A = 1;\nexport type A = typeof A;', ['2 A']],
  ])('finds the holes of %j', (text, expected) => {
    expect(holes(text)).toEqual(expected);
  });

  it.each([
    '/** A. */\nexport const a = 1;',
    '/** C. */\n@D()\nexport class C {}',
    '/** A. */\nexport const A = z.string();\nexport type A = z.infer<typeof A>;',
    '/** A. */\nexport const AS = [] as const;\nexport type A = (typeof AS)[number];',
    '/** F. */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;',
    "export { a } from './a';\nexport * from './b';",
    'const a = 1;',
  ])('finds none in %j', (text) => {
    expect(holes(text)).toEqual([]);
  });
});

describe('exported names of the libraries', () => {
  const libraries = projects().filter(({ root }) => root.startsWith('libs/'));

  it.each(libraries)('$root: each has a doc comment', ({ root }) => {
    const files = sourceFiles(`${root}/src`);
    expect(files).not.toEqual([]);
    const missing = files.flatMap((file) =>
      undocumentedExports(file, readFileSync(join(WORKSPACE, file), 'utf8')).map(
        ({ line, name }) => `${file}:${line} ${name}`,
      ),
    );
    expect(missing).toEqual([]);
  });
});
