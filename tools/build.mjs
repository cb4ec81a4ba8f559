import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NX_ENV, packageBinary, ROOT, runPhase } from './workspace.mjs';

const STAMP = path.join(ROOT, 'dist', '.sources-sha256');
const SOURCE_FOLDERS = ['apps', 'libs'];
const SOURCE_FILES = ['package-lock.json', 'tsconfig.base.json', 'vite.api.mjs'];
const APIS = ['patient-api', 'desk-api', 'admin-api'];

/**
 * Builds the apps unless `dist` was made from exactly these sources. Resolves to an exit code; 0
 * also when there was nothing to do.
 */
export async function buildMissing() {
  const wanted = sourcesHash();
  const isBuilt = APIS.every((name) => existsSync(path.join(ROOT, 'dist/apps', name, 'main.mjs')));
  if (isBuilt && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return 0;
  process.stdout.write('Building ...\n');
  const nx = packageBinary('nx');
  const args = [nx, 'run-many', '-t', 'build'];
  const code = await runPhase(process.execPath, args, NX_ENV);
  if (code !== 0) return code;
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, wanted);
  return 0;
}

function sourcesHash() {
  const hash = createHash('sha256');
  for (const file of [...SOURCE_FILES, ...SOURCE_FOLDERS.flatMap(filesBelow)].toSorted()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

// Tests do not end up in a build.
function filesBelow(folder) {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.spec.'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}
