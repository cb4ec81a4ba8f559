/**
 * Goal: a process that cannot start says why in a sentence and ends with status 1; one that runs ends
 * on a signal, after its requests, with status 0.
 * Method: real processes that run `runApi` and `runOrExplain`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TEST_ENV } from './testing';

// Each of these starts processes, and the machine may have other things to do.
jest.setTimeout(60_000);

const ROOT = join(__dirname, '../../..');

/** Runs TypeScript in a process of its own; `port` resolves when the API listens. */
function run(code: string, env: Record<string, string>) {
  const register = join(ROOT, 'node_modules/@swc-node/register/index.js');
  const child = spawn(process.execPath, ['-r', register, '-e', code], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], SWC_NODE_PROJECT: join(ROOT, 'tsconfig.base.json'), ...env },
  });
  const output = { stdout: '', stderr: '' };
  const port = new Promise<number>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output.stdout += String(chunk);
      const match = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output.stdout);
      if (match) resolve(Number(match[1]));
    });
  });
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = once(child, 'close').then(([status]) => ({ status: status as unknown, ...output }));
  return { child, port, ended };
}

const RUN_TEST_API = `
  const { runApi } = require('./libs/platform/src');
  const { createTestApi } = require('./libs/platform/src/testing');
  runApi({ create: createTestApi, port: (settings) => settings.deskApiPort });
`;
const BUG = `
  const { runOrExplain } = require('./libs/platform/src/run');
  runOrExplain(() => Promise.reject(new TypeError('x is undefined')));
`;
const ENV = { ...TEST_ENV, DESK_API_PORT: '0' };

describe('runApi', () => {
  it('answers the request in flight and ends, also on two signals at once as a supervisor sends them', async () => {
    const { child, port, ended } = run(RUN_TEST_API, ENV);
    const slow = fetch(`http://127.0.0.1:${await port}/v1/slow`);
    await sleep(200);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect((await slow).status).toBe(200);
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([0, '']);
  });

  it('explains wrong settings', async () => {
    const { status, stderr } = await run(RUN_TEST_API, { ...ENV, LOCK_TTL_MS: 'long' }).ended;
    expect(stderr).toBe(
      'The settings are not valid:\n  LOCK_TTL_MS must be a whole number from 1000 to 60000\n',
    );
    expect(status).toBe(1);
  });

  it('explains a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { status, stderr } = await run(RUN_TEST_API, { ...ENV, DESK_API_PORT: String(port) })
      .ended;
    taken.close();
    expect(stderr).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
    expect(status).toBe(1);
  });
});

describe('runOrExplain', () => {
  it('prints the stack of a bug', async () => {
    const { status, stderr } = await run(BUG, {}).ended;
    expect(status).toBe(1);
    expect(stderr).toMatch(/^TypeError: x is undefined\n {4}at /);
  });
});
