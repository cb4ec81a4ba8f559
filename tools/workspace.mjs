import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// What `npm start` and `npm test` need before anything is installed: Node's own modules only.

/** The folder of package.json. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const OLDEST_NODE = [20, 19];
const MODULES = path.join(ROOT, 'node_modules');
const LOCK = path.join(ROOT, 'package-lock.json');
const INSTALLED_LOCK = path.join(MODULES, '.package-lock.json');
const STAMP = path.join(MODULES, '.elastic-opd-lock-sha256');
/** A hand-made installation is trusted when npm finished it after the lock file was last written. */
const CLOCK_SLACK_MS = 2_000;
const PHASE_STOP_MS = 10_000;
const PARENT_CHECK_MS = 500;

/** Ends the process with one sentence when this Node is too old to run the project. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  const oldest = OLDEST_NODE.join('.');
  process.stderr.write(
    `Elastic OPD needs Node ${oldest} or later; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}

/**
 * Under npm, turns the death of the parent into a SIGTERM to this process: npm puts a shell in
 * between, and a shell that is ended with SIGTERM does not pass it on.
 */
export function endWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
}

/**
 * Runs `npm ci` when node_modules is missing or was made from another package-lock.json.
 * Resolves to an exit code; 0 also when there was nothing to do.
 */
export async function installMissing() {
  const wanted = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  if (existsSync(INSTALLED_LOCK)) {
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return 0;
    if (statSync(INSTALLED_LOCK).mtimeMs + CLOCK_SLACK_MS >= statSync(LOCK).mtimeMs) {
      writeFileSync(STAMP, wanted);
      return 0;
    }
  }
  process.stdout.write('Installing packages with npm ci (about a minute, once) ...\n');
  const code = await runPhase('npm', ['ci', '--no-audit', '--no-fund']);
  if (code === 0) writeFileSync(STAMP, wanted);
  return code;
}

/** Path of the program that an installed package brings, to be run with this very Node. */
export function packageBinary(name) {
  const { bin } = JSON.parse(readFileSync(path.join(MODULES, name, 'package.json'), 'utf8'));
  return path.join(MODULES, name, typeof bin === 'string' ? bin : bin[name]);
}

/** The environment that keeps Nx to itself: no daemon that stays, no cloud, plain output. */
export const NX_ENV = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false' };

/**
 * Runs a command in the root with its output streamed, and resolves to its exit code. Ctrl-C and
 * SIGTERM reach everything it started; what does not end within 10 s is killed. The code is then
 * 128 plus the signal's number, as a shell has it.
 */
export function runPhase(command, args, env = {}) {
  return new Promise((resolve) => {
    let stoppedBy;
    const signalGroup = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // Nothing of the group is left.
      }
    };
    const stop = (signal) => {
      if (stoppedBy) return;
      stoppedBy = signal;
      signalGroup(signal);
      setTimeout(() => signalGroup('SIGKILL'), PHASE_STOP_MS).unref();
    };
    // Heard from before the first child process exists: a signal that comes meanwhile waits.
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    signals.forEach((signal) => process.on(signal, stop));
    const finish = (code) => {
      signals.forEach((signal) => process.removeListener(signal, stop));
      if (child.pid !== undefined) signalGroup('SIGKILL');
      resolve(stoppedBy ? 128 + constants.signals[stoppedBy] : code);
    };
    // A group of its own, so that a signal can be handed to grandchildren too.
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    child.once('error', (error) => {
      process.stderr.write(`${command} could not be started: ${error.message}\n`);
      finish(1);
    });
    child.once('exit', (code, signal) => finish(code ?? 128 + constants.signals[signal]));
  });
}
