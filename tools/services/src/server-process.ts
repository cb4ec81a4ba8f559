import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { turnOverLog } from './log-file';

/** A server that this process started and must stop. */
export interface ServerProcess {
  port: number;
  pid: number;
  /** Ends it: SIGTERM, and SIGKILL when it does not end in time. Repeated calls are harmless. */
  stop(): Promise<void>;
  /** Sends a signal, for example SIGSTOP to freeze it; nothing happens once it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended, whoever ended it. */
  ended: Promise<void>;
}

const STOP_MS = 10_000;
const LOG_LINES_IN_ERROR = 3;

/** A child process in a group of its own, so that a terminal's Ctrl-C reaches only its parent. */
export class StartedChild {
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly pid: number;
  isRunning = true;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.child = child;
    this.pid = pid;
    // An exit without stop() must not leave the server behind; only synchronous work fits here.
    const atExit = () => this.signal('SIGTERM');
    process.once('exit', atExit);
    this.ended = new Promise((resolve) => {
      child.once('exit', () => {
        this.isRunning = false;
        process.removeListener('exit', atExit);
        resolve();
      });
    });
  }

  /**
   * Starts the program; rejects when it cannot be executed. Its output is appended to `logFile`, or
   * dropped when there is none. `env` is its whole environment; the default is ours.
   */
  static async start(
    binary: string,
    args: readonly string[],
    options: { logFile?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<StartedChild> {
    if (options.logFile !== undefined) await turnOverLog(options.logFile);
    const log = options.logFile === undefined ? undefined : await open(options.logFile, 'a');
    const output = log?.fd ?? 'ignore';
    try {
      return await new Promise((resolve, reject) => {
        const child = spawn(binary, args, {
          stdio: ['ignore', output, output],
          detached: true,
          env: options.env ?? process.env,
        });
        child.once('error', reject);
        child.once('spawn', () => resolve(new StartedChild(child, child.pid ?? 0)));
      });
    } finally {
      await log?.close();
    }
  }

  /** Sends a signal; nothing happens once it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(name);
  }

  /** SIGTERM, and SIGKILL after `graceMs`; resolves when it has ended. */
  async stop(graceMs = STOP_MS): Promise<void> {
    this.signal('SIGTERM');
    // One that was frozen hears SIGTERM only when it runs again.
    this.signal('SIGCONT');
    const killer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(killer);
  }

  /**
   * Asks `isReady` again and again until it answers true. Rejects when the child ends first or the
   * time is over (the child is stopped then), with the last lines of its log.
   */
  async waitUntilReady(
    isReady: () => Promise<boolean>,
    by: { timeoutMs: number; title: string; logFile: string },
  ): Promise<void> {
    const deadlineMs = Date.now() + by.timeoutMs;
    let lastAnswer = '';
    while (this.isRunning && Date.now() < deadlineMs) {
      const answer = await isReady().catch((error: unknown) => error);
      if (answer === true) return;
      lastAnswer = answer instanceof Error ? `, last answer: ${answer.message}` : '';
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const what = this.isRunning
      ? `was not ready within ${by.timeoutMs} ms${lastAnswer}`
      : 'ended at once';
    await this.stop();
    const log = await readFile(by.logFile, 'utf8').catch(() => '');
    const lines = log.trim().split('\n').slice(-LOG_LINES_IN_ERROR).join('\n');
    throw new Error(`${by.title} ${what}; its log ${by.logFile} ends with:\n${lines}`);
  }
}
