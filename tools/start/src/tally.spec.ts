/**
 * Goal: the last line of a run counts everything that went wrong.
 * Method: Jest itself, with our reporter, on small suites written here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WORKSPACE = join(__dirname, '../../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opd-tally-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function runSuites(suites: Record<string, string>) {
  for (const [name, text] of Object.entries(suites)) {
    await writeFile(join(folder, `${name}.spec.js`), text);
  }
  const teardown = join(folder, 'teardown.js');
  await writeFile(teardown, "module.exports = () => console.log('torn down');");
  const config = {
    rootDir: folder,
    testMatch: ['<rootDir>/*.spec.js'],
    transform: {},
    globalTeardown: teardown,
    reporters: ['default', join(WORKSPACE, 'tools/jest/tally-reporter.js')],
  };
  const jest = join(WORKSPACE, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--config', JSON.stringify(config), '--no-cache', '-i'];
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { code: result.status, lines: result.stdout.trim().split('\n') };
}

it('counts failed tests and suites that cannot load', async () => {
  const result = await runSuites({
    good: "it('a', () => {}); it('b', () => {});",
    bad: "it('c', () => { throw new Error('no'); });",
    broken: "require('./is-not-there');",
  });
  expect(result.lines.at(-1)).toBe('2 passed, 2 failed');
  expect(result.lines).toContain('torn down');
  expect(result.code).toBe(1);
});

it('names skipped tests only when there are some', async () => {
  const good = "it('a', () => {});";
  expect(await runSuites({ good })).toMatchObject({ code: 0 });
  expect((await runSuites({ good })).lines.at(-1)).toBe('1 passed, 0 failed');
  const some = await runSuites({ good, other: "it.skip('b', () => {}); it('c', () => {});" });
  expect(some.lines.at(-1)).toBe('2 passed, 0 failed, 1 skipped');
});
