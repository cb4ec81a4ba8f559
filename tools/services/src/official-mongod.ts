import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runBounded, type Report } from './bounded-command';

const FIRST_BYTE_MS = 6_000;
const STALL_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;

// A process of its own: the library offers no way to cancel, and killing is a sure one.
const DOWNLOAD_SCRIPT = `
const { MongoBinary } = require(process.argv[1]);
MongoBinary.getPath({ downloadDir: process.argv[2] }).then(
  (path) => process.stdout.write('\\npath=' + path),
  (error) => { console.error(error.message.replace(/\\s+/g, ' ')); process.exit(1); },
);
`;

/**
 * Fetches MongoDB's own build for this system into `folder` and returns the path of `mongod`.
 * Gives up after a few seconds without a first byte, and whenever nothing more arrives; rejects
 * with a sentence then. All it writes is inside `folder`.
 */
export async function fetchOfficialMongod(folder: string, report: Report): Promise<string> {
  const library = createRequire(__filename).resolve('mongodb-memory-server-core');
  const text = 'downloading MongoDB from its maker';
  report(text);
  const result = await runBounded(process.execPath, ['-e', DOWNLOAD_SCRIPT, library, folder], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    progress: { text, report },
    isStuck: stallDetector(folder),
    env: { MONGOMS_PREFER_GLOBAL_PATH: 'false', MONGOMS_MAX_RETRIES: '1', NODE_OPTIONS: '' },
  });
  if (result.isTimedOut) throw new Error('the download did not move');
  const path = /path=(.+)$/.exec(result.output)?.[1];
  if (result.code !== 0 || !path) {
    throw new Error(result.output.trim().split('\n').at(-1) || 'the download failed');
  }
  return path;
}

function stallDetector(folder: string): (elapsedMs: number) => boolean {
  let lastBytes = 0;
  let lastMoveMs = 0;
  return (elapsedMs) => {
    const bytes = bytesIn(folder);
    if (bytes !== lastBytes) {
      lastBytes = bytes;
      lastMoveMs = elapsedMs;
    }
    return elapsedMs - lastMoveMs > (bytes === 0 ? FIRST_BYTE_MS : STALL_MS);
  };
}

function bytesIn(folder: string): number {
  // Lock files are a few bytes and no sign of a download; all else counts.
  const sizes = readdirSync(folder)
    .filter((name) => !name.endsWith('.lock'))
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
