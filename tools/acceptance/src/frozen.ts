import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that can be stopped and let go on, as `startMongod` and others give it. */
export interface Freezable {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
}

const FREEZE_MS = 5_000;

/**
 * Freezes a server and resolves when none of its threads runs any more: from then on it takes
 * connections and bytes and answers none of them. Undone by SIGCONT.
 */
export async function freeze(server: Freezable): Promise<void> {
  server.signal('SIGSTOP');
  const givenUpAtMs = performance.now() + FREEZE_MS;
  while (!(await areThreadsStopped(server.pid))) {
    if (performance.now() > givenUpAtMs) throw new Error(`Process ${server.pid} does not stop`);
    await sleep(1);
  }
}

/** Lets a frozen server go on with what it was doing. */
export function thaw(server: Freezable): void {
  server.signal('SIGCONT');
}

/** Freezes servers for the time of some work, whatever becomes of it. */
export async function whileFrozen<T>(
  servers: readonly Freezable[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    await Promise.all(servers.map(freeze));
    return await work();
  } finally {
    servers.forEach(thaw);
  }
}

/** Asks again every 50 ms until `isSo`; throws after `timeoutMs` with the last answer. */
export async function until<T>(
  ask: () => Promise<T>,
  isSo: (answer: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const givenUpAtMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > givenUpAtMs)
      throw new Error(`Not so within ${timeoutMs} ms; the last answer: ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}

async function areThreadsStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/status`, 'utf8').catch(() => '')),
  );
  // A thread that ended meanwhile has no state any more.
  return states.every((state) => state === '' || /^State:\s+T/m.test(state));
}
