import path from 'node:path';
import { readFileSync } from 'node:fs';

const ROOT = import.meta.dirname;

/** Our own aliases only: the `redlock` entry of tsconfig.base.json points at a type file. */
function ownAliases() {
  const { compilerOptions } = JSON.parse(
    readFileSync(path.join(ROOT, 'tsconfig.base.json'), 'utf8'),
  );
  return Object.entries(compilerOptions.paths)
    .filter(([alias]) => alias.startsWith('@opd/'))
    .map(([alias, [file]]) => ({ find: alias, replacement: path.join(ROOT, file) }));
}

/**
 * How an API is built: its `src/main.ts` with everything of ours inlined becomes
 * `dist/apps/<name>/main.mjs`; packages stay outside and are loaded from node_modules. Run it with
 * `node --enable-source-maps`.
 */
export function apiBuild(projectRoot) {
  return {
    root: projectRoot,
    resolve: { alias: ownAliases() },
    build: {
      ssr: 'src/main.ts',
      outDir: path.join(ROOT, 'dist/apps', path.basename(projectRoot)),
      emptyOutDir: true,
      sourcemap: true,
      minify: false,
      target: 'node20',
      // Nest finds providers by the names of their classes.
      rolldownOptions: { output: { entryFileNames: 'main.mjs', keepNames: true } },
    },
    ssr: { noExternal: [/^@opd\//] },
  };
}
