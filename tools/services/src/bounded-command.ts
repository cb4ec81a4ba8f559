import { spawn } from 'node:child_process';

/** Receives one line of progress, meant for a person. */
export type Report = (line: string) => void;

/** What a finished command left behind. */
export interface CommandResult {
  /** Exit code; `null` when the command was killed or could not be started. */
  code: number | null;
  /** The last few kilobytes of what it wrote. */
  output: string;
  /** True when it was killed because its time was over. */
  isTimedOut: boolean;
}

/** How a command may run. */
export interface CommandBounds {
  timeoutMs: number;
  /** What a person reads every few seconds while it runs, for example `redis: downloading`. */
  progress?: { text: string; report: Report };
  /** Asked once a second; answering `true` ends the command as if its time were over. */
  isStuck?: (elapsedMs: number) => boolean;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
}

const REPORT_EVERY_MS = 3_000;
const KEPT_OUTPUT_CHARS = 4_000;

/**
 * Runs a command to its end or to its time limit, whichever is first. Never rejects: a command
 * that cannot be started answers `code: null` with the reason as output.
 */
export function runBounded(
  command: string,
  args: readonly string[],
  bounds: CommandBounds,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const startedMs = Date.now();
    let output = '';
    let isTimedOut = false;
    // A group of its own, so that a time-out ends grandchildren too (pip starts some).
    const child = spawn(command, args, {
      env: { ...process.env, ...bounds.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const killGroup = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    };
    const giveUp = () => {
      isTimedOut = true;
      killGroup();
    };
    const timer = setTimeout(giveUp, bounds.timeoutMs);
    const ticker = startTicker(startedMs, bounds, giveUp);
    process.once('exit', killGroup);
    const keep = (chunk: Buffer) =>
      (output = `${output}${chunk.toString()}`.slice(-KEPT_OUTPUT_CHARS));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let isSettled = false;
    const settle = (code: number | null, reason?: string) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      clearInterval(ticker);
      process.removeListener('exit', killGroup);
      resolve({ code, output: reason ?? output, isTimedOut });
    };
    child.once('error', (error) => settle(null, error.message));
    child.once('close', (code) => settle(code));
  });
}

function startTicker(startedMs: number, bounds: CommandBounds, giveUp: () => void) {
  let lastReportMs = startedMs;
  return setInterval(() => {
    const elapsedMs = Date.now() - startedMs;
    if (bounds.isStuck?.(elapsedMs)) giveUp();
    if (!bounds.progress || Date.now() - lastReportMs < REPORT_EVERY_MS) return;
    lastReportMs = Date.now();
    bounds.progress.report(`${bounds.progress.text}, ${Math.round(elapsedMs / 1000)} s`);
  }, 1_000);
}
