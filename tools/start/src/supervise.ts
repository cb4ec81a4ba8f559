/** One program that is up. */
export interface RunningPart {
  /** Where it can be reached, as printed for people; never with a password. */
  address: string;
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>;
  /** Ends it within a bounded time; harmless when it has ended. */
  stop(): Promise<void>;
}

/** One program that can be started, and started again at the same address. */
export interface Part {
  name: string;
  /** Resolves when the part is ready for use; rejects with a sentence for a person. */
  start(): Promise<RunningPart>;
}

/** What a supervisor tells while it works. */
export interface SupervisorEvents {
  report(line: string): void;
  /** The part died too often and stays down; called once. */
  onGivenUp(sentence: string): void;
}

const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

/**
 * Keeps one part up: starts it again when it ends by itself, three times in a minute at most, then
 * gives up. The first start is not repeated: what cannot start once has a reason to be read.
 */
export class Supervisor {
  private running: RunningPart | undefined;
  private attempt: Promise<unknown> = Promise.resolve();
  private restartedAtMs: number[] = [];
  private isStopping = false;

  constructor(
    readonly part: Part,
    private readonly events: SupervisorEvents,
  ) {}

  /** Starts the part and watches it from then on. Resolves to its address. */
  async start(): Promise<string> {
    const first = await this.attemptStart();
    void this.watch(first);
    return first.address;
  }

  /** Ends the part, and a start of it that is under way. Nothing is started again after this. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.attempt;
    await this.running?.stop();
  }

  private async watch(first: RunningPart): Promise<void> {
    let current: RunningPart | undefined = first;
    while (current) {
      await current.ended;
      current = await this.restart();
    }
  }

  private async restart(): Promise<RunningPart | undefined> {
    const { name } = this.part;
    while (!this.isStopping) {
      const nowMs = performance.now();
      this.restartedAtMs = this.restartedAtMs.filter((atMs) => nowMs - atMs < RESTART_WINDOW_MS);
      if (this.restartedAtMs.length >= MAX_RESTARTS) {
        this.events.onGivenUp(`${name} ended ${MAX_RESTARTS + 1} times within a minute.`);
        return undefined;
      }
      this.restartedAtMs.push(nowMs);
      this.events.report(`${name} ended; starting it again`);
      const next = await this.tryAgain();
      if (next) return next;
    }
    return undefined;
  }

  private async tryAgain(): Promise<RunningPart | undefined> {
    try {
      const next = await this.attemptStart();
      this.events.report(`${this.part.name}  ${next.address}`);
      return next;
    } catch (error) {
      this.events.report(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  private attemptStart(): Promise<RunningPart> {
    const started = this.part.start().then((running) => (this.running = running));
    // Who stops waits for it, and hears of its failure elsewhere.
    this.attempt = started.catch(() => undefined);
    return started;
  }
}
