import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameProcess, thisProcess, type ProcessIdentity } from '@opd/services';

const CLAIM_FILE = 'npm-start.json';
const KEY_FILE = 'token-signing.key';
const KEY_BYTES = 48;

/**
 * Makes the data folder this process's own until it exits. Rejects with a sentence when another
 * `npm start` lives on it; what a killed one left is taken over.
 */
export async function claimDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, CLAIM_FILE);
  if (!(await createNew(file, JSON.stringify(thisProcess())))) {
    const holder = await readHolder(file);
    if (holder && isSameProcess(holder)) {
      throw new Error(
        `npm start already runs on ${dataDir} (process ${holder.pid}). ` +
          'Stop it first, or set OPD_DATA_DIR to another folder and the ports to free ones.',
      );
    }
    await rm(file, { force: true });
    if (!(await createNew(file, JSON.stringify(thisProcess())))) {
      throw new Error(`Another npm start has just taken ${dataDir}.`);
    }
  }
  process.once('exit', () => rmSync(file, { force: true }));
}

/**
 * The demo's signing key: made at the first start, readable by its owner only, and the same at
 * every later start, so that people stay signed in.
 */
export async function demoSigningKey(dataDir: string): Promise<string> {
  const file = join(dataDir, KEY_FILE);
  await createNew(file, randomBytes(KEY_BYTES).toString('base64url'));
  return readFile(file, 'utf8');
}

/**
 * Writes a file only its owner can read; false when there is one already. A file that exists is
 * complete: the name is given to it last.
 */
async function createNew(file: string, text: string): Promise<boolean> {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, text, { mode: 0o600 });
  try {
    await link(partial, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  try {
    const { pid, startTick } = JSON.parse(await readFile(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' ? { pid, startTick } : undefined;
  } catch {
    return undefined;
  }
}
