import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, RECORD_SUFFIX, StartedChild, writeRecord } from '@opd/services';
import { APIS, type ApiName } from './api-routes';

const ROOT = resolve(__dirname, '../../..');
const BUILDS = join(ROOT, 'dist/acceptance');
const BUILD_MS = 180_000;
const READY_MS = 60_000;

/** An API in a process of its own. */
export interface ApiProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/**
 * Starts a built API on a free port and resolves when it is ready. The end of the run stops it if
 * the suite does not. Rejects with the end of its log when it does not come up.
 */
export async function startApiProcess(
  api: ApiName,
  env: Record<string, string>,
): Promise<ApiProcess> {
  const main = join(await buildApis(), `${api}-api`, 'main.mjs');
  const port = await freePort();
  const folder = join(runFolder(), 'apis');
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, `${api}-api-${port}.log`);
  const path = process.env['PATH'] ?? '';
  const portName = `${api.toUpperCase()}_API_PORT`;
  const child = await StartedChild.start(process.execPath, ['--enable-source-maps', main], {
    logFile,
    env: { ...env, PATH: path, [portName]: String(port) },
  });
  const recordFile = join(folder, `${api}-api-${port}${RECORD_SUFFIX}`);
  await writeRecord(recordFile, { pid: child.pid, port, marker: main });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${url}/health/ready`)).status === 200;
  const by = { timeoutMs: READY_MS, title: `${api}-api`, logFile };
  await child.waitUntilReady(isReady, by);
  return {
    url,
    pid: child.pid,
    ended: child.ended,
    signal: (name) => child.signal(name),
    stop: () => child.stop(),
  };
}

/**
 * Builds the APIs once per test run, whichever suite comes first, and gives the folder. It lies in
 * the workspace, because that is where the packages are found.
 */
async function buildApis(): Promise<string> {
  const folder = join(BUILDS, basename(runFolder()));
  const doneFile = join(folder, 'done');
  await mkdir(dirname(folder), { recursive: true });
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    await removeOldBuilds(folder);
    try {
      for (const api of APIS) await build(api, join(folder, `${api}-api`));
    } catch (error) {
      // Whoever waits for it would wait in vain.
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    await writeFile(doneFile, '');
    return folder;
  }
  const givenUpAtMs = performance.now() + BUILD_MS;
  while (!(await exists(doneFile))) {
    if (performance.now() > givenUpAtMs || !(await exists(folder)))
      throw new Error(`The suite that builds ${folder} has not finished it`);
    await sleep(100);
  }
  return folder;
}

async function removeOldBuilds(own: string): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const isInUse = await exists(join(dirname(runFolder()), name));
    const folder = join(BUILDS, name);
    if (!isInUse && folder !== own) await rm(folder, { recursive: true, force: true });
  }
}

async function build(api: ApiName, outDir: string): Promise<void> {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', `apps/${api}-api`, '--outDir', outDir, '--logLevel', 'error'];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const status = await new Promise((ended) => child.once('close', ended));
  if (status !== 0) throw new Error(`${api}-api could not be built: ${said}`);
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function runFolder(): string {
  const folder = process.env['OPD_TEST_DIR'];
  if (!folder) throw new Error('OPD_TEST_DIR is not set: run the tests from the workspace');
  return folder;
}
