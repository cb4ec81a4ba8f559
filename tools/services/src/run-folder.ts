import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, stopAllBelow } from './process-record';

/** Stops all servers whose data lies below `folder` and removes it. */
export async function endRun(folder: string): Promise<void> {
  await stopAllBelow(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Ends the runs that were killed before they could end themselves: folders named
 * `<prefix><process id>-...` in `parent` whose process is gone.
 */
export async function endAbandonedRuns(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) await endRun(join(parent, name));
  }
}
