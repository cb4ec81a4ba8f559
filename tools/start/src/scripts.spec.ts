/**
 * Goal: `npm test` and the preparation of `npm start` do what is missing, once, in order, and end
 * everything they started.
 * Method: the real scripts in a small workspace of their own, where npm, Nx and Jest are scripts
 * that write down how they were called.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const TOOLS = join(__dirname, '../..');
let root: string;

/** Writes its name and arguments into `calls`, then does what FAIL_<NAME> says. */
const PROGRAM = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const [name, ...args] = [require('node:path').basename(__filename, '.js'), ...process.argv.slice(2)];
appendFileSync(process.env.CALLS, [name, ...args].join(' ') + '\\n');
if (process.env.FAIL === [name, args[2]].join(' ').trim()) process.exit(7);
if (args.includes('build')) for (const api of ['patient-api', 'desk-api', 'admin-api']) {
  mkdirSync('dist/apps/' + api, { recursive: true });
  writeFileSync('dist/apps/' + api + '/main.mjs', '');
}
if (name === 'jest') console.log('3 passed, 0 failed');
`;

/** Like npm ci: replaces node_modules. */
const NPM = `#!/bin/sh
echo "npm $1" >> "$CALLS"
rm -rf node_modules && cp -R ready node_modules && touch node_modules/.package-lock.json
`;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'opd-scripts-'));
  for (const name of ['workspace.mjs', 'test.mjs', 'build.mjs']) {
    cpSync(join(TOOLS, name), join(root, 'tools', name));
  }
  for (const name of ['nx', 'jest']) {
    write(`ready/${name}/${name}.js`, PROGRAM);
    write(`ready/${name}/package.json`, JSON.stringify({ bin: { [name]: `./${name}.js` } }));
  }
  write('bin/npm', NPM, 0o755);
  for (const name of ['package-lock.json', 'tsconfig.base.json', 'vite.api.mjs']) write(name, '{}');
  write('apps/patient-api/src/main.ts', 'export {};');
  write('libs/booking/src/book.ts', 'export {};');
  write('calls', '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text, { mode });
}

function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  const PATH = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`;
  const env = { ...process.env, PATH, CALLS: join(root, 'calls'), ...changes };
  return { ...env, npm_lifecycle_event: changes['npm_lifecycle_event'] };
}

function run(args: string[], changes: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    env: environment(changes),
    encoding: 'utf8',
  });
  return { code: result.status, lines: result.stdout.trim().split('\n'), errors: result.stderr };
}

const npmTest = (args: string[] = [], changes: Record<string, string> = {}) =>
  run(['tools/test.mjs', ...args], changes);

const build = (changes: Record<string, string> = {}) =>
  run(
    [
      '-e',
      "import('./tools/build.mjs').then((m) => m.buildMissing()).then((c) => process.exit(c))",
    ],
    changes,
  );

/** What was called since the last look. */
function calls(): string[] {
  const text = readFileSync(join(root, 'calls'), 'utf8');
  write('calls', '');
  return text.split('\n').filter((line) => line !== '');
}

describe('npm test', () => {
  const ALL = [
    'nx run-many -t lint typecheck --outputStyle=static',
    'nx run-many -t build --outputStyle=static',
    'jest libs/booking --verbose',
  ];

  it('installs, then runs every phase, and closes with the tally', () => {
    const first = npmTest(['libs/booking', '--verbose']);
    expect(first.code).toBe(0);
    expect(first.lines.at(-1)).toBe('3 passed, 0 failed');
    expect(calls()).toEqual(['npm ci', ...ALL]);
  });

  it('installs again only when the lock file changed', () => {
    npmTest();
    expect(calls()[0]).toBe('npm ci');
    npmTest();
    expect(calls()).not.toContain('npm ci');
    write('package-lock.json', '{ "changed": true }');
    utimesSync(join(root, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000));
    npmTest();
    expect(calls()[0]).toBe('npm ci');
    rmSync(join(root, 'node_modules'), { recursive: true });
    npmTest();
    expect(calls()[0]).toBe('npm ci');
  });

  it('trusts an installation that was made by hand from this lock file', () => {
    cpSync(join(root, 'ready'), join(root, 'node_modules'), { recursive: true });
    write('node_modules/.package-lock.json', '{}');
    expect(npmTest().code).toBe(0);
    expect(calls()).not.toContain('npm ci');
  });

  it.each([
    ['lint and type check', 'nx lint', 1],
    ['build', 'nx build', 2],
  ])('stops when %s fails, with its code and no tally', (title, FAIL, phases) => {
    const result = npmTest(['libs/booking', '--verbose'], { FAIL });
    expect(result.code).toBe(7);
    expect(result.lines.join('\n')).not.toContain('passed');
    expect(result.errors).toContain(`Stopped: ${title} failed with code 7.`);
    expect(calls()).toEqual(['npm ci', ...ALL.slice(0, phases)]);
  });

  it("has Jest's code when a test fails", () => {
    expect(npmTest([], { FAIL: 'jest' }).code).toBe(7);
  });

  it('names the Node it needs', () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.18.3' });";
    const result = run(['-e', `${old} import('./tools/test.mjs')`]);
    expect(result.code).toBe(1);
    expect(result.errors).toBe('Elastic OPD needs Node 20.19 or later; this is 20.18.3.\n');
    expect(calls()).toEqual([]);
  });
});

describe('the build before a start', () => {
  beforeEach(() => {
    cpSync(join(root, 'ready'), join(root, 'node_modules'), { recursive: true });
  });

  it('happens once for the same sources', () => {
    expect(build().code).toBe(0);
    expect(calls()).toEqual(['nx run-many -t build']);
    expect(build().code).toBe(0);
    expect(calls()).toEqual([]);
  });

  it.each(['libs/booking/src/book.ts', 'apps/patient-api/src/new.ts', 'package-lock.json'])(
    'happens again when %s changes',
    (file) => {
      build();
      calls();
      write(file, 'export const changed = true;');
      build();
      expect(calls()).toHaveLength(1);
    },
  );

  it('does not care for tests', () => {
    build();
    calls();
    write('libs/booking/src/book.spec.ts', 'export {};');
    build();
    expect(calls()).toEqual([]);
  });

  it('happens again when a built program is missing', () => {
    build();
    calls();
    rmSync(join(root, 'dist/apps/desk-api'), { recursive: true });
    build();
    expect(calls()).toHaveLength(1);
  });

  it('is tried again after it failed', () => {
    expect(build({ FAIL: 'nx build' }).code).toBe(7);
    expect(existsSync(join(root, 'dist/.sources-sha256'))).toBe(false);
    calls();
    expect(build().code).toBe(0);
    expect(calls()).toHaveLength(1);
  });
});

describe('a phase that is told to stop', () => {
  const RUN = `import('./tools/workspace.mjs').then(async (workspace) => {
    workspace.endWithParent();
    process.exit(await workspace.runPhase('sh', ['-c', 'sleep 61 & echo $!; sleep 62']));
  });`;

  function begin(command: string, args: string[], changes: Record<string, string> = {}) {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    return spawn(command, args, { cwd: root, env: environment(changes), stdio: [...stdio] });
  }

  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  async function isGoneSoon(pid: number): Promise<boolean> {
    for (let tries = 0; tries < 100 && isAlive(pid); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return !isAlive(pid);
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends what it started, grandchildren too', async (signal, code) => {
    const child = begin(process.execPath, ['-e', RUN]);
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const grandchild = Number(first.toString());
    expect(isAlive(grandchild)).toBe(true);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([code, null]);
    expect(await isGoneSoon(grandchild)).toBe(true);
  });

  it('by the end of the shell that npm put before it, does so too', async () => {
    const script = `"$0" -e "$1"; true`;
    const shell = begin('sh', ['-c', script, process.execPath, RUN], {
      npm_lifecycle_event: 'test',
    });
    const [first] = (await once(shell.stdout, 'data')) as [Buffer];
    const grandchild = Number(first.toString());
    shell.kill('SIGTERM');
    expect(await isGoneSoon(grandchild)).toBe(true);
  });
});
