import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PARTIAL_PREFIX = '.partial-';
const STALE_PARTIAL_MS = 60 * 60 * 1000;

/** The folder where fetched binaries stay: `elastic-opd` in `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'elastic-opd');
}

/**
 * Gives `fill` an empty folder, expects the path of a finished binary back, sets its run bit, lets
 * `verify` try it and moves it into the cache under `name` in one step, so that two processes that
 * fetch at the same time cannot break each other. Whatever happens, the folder is removed.
 * Returns the binary's path in the cache; rejects when `fill` or `verify` does.
 */
export async function placeInCache(
  name: string,
  fill: (folder: string) => Promise<string>,
  verify: (path: string) => Promise<void>,
): Promise<string> {
  const cache = cacheFolder();
  await mkdir(cache, { recursive: true });
  await removeStalePartials(cache);
  const folder = await mkdtemp(join(cache, PARTIAL_PREFIX));
  // Ctrl-C in the middle of a download must leave nothing either.
  const removeNow = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeNow);
  try {
    const fetched = await fill(folder);
    await chmod(fetched, 0o755);
    await verify(fetched);
    const target = join(cache, name);
    await rename(fetched, target);
    return target;
  } finally {
    process.removeListener('exit', removeNow);
    await rm(folder, { recursive: true, force: true });
  }
}

// A process that was killed while it fetched could not clean up.
async function removeStalePartials(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(PARTIAL_PREFIX)) continue;
    const path = join(cache, entry);
    const seen = await stat(path).catch(() => undefined);
    if (seen && Date.now() - seen.mtimeMs > STALE_PARTIAL_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
