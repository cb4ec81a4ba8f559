import type { StartedChild } from '@opd/services';

/** A span of time on the monotonic clock of this process; open while `toMs` is undefined. */
export interface Span {
  readonly fromMs: number;
  toMs?: number;
}

/** A process that can be killed, frozen and brought back, and remembers when it was away. */
export class ServerPart {
  /** When it was dead or frozen, from the blow until it was ready again. */
  readonly away: Span[] = [];
  #child: StartedChild | undefined;

  constructor(
    readonly name: string,
    /** Starts the process and resolves when it is ready. */
    private readonly launch: () => Promise<StartedChild>,
  ) {}

  async start(): Promise<void> {
    this.#child = await this.launch();
    this.#markBack();
  }

  get isAway(): boolean {
    return this.away.at(-1) !== undefined && this.away.at(-1)?.toMs === undefined;
  }

  /** True if it was away at some moment of this span. */
  wasAway(fromMs: number, toMs: number): boolean {
    return this.away.some((span) => span.fromMs <= toMs && (span.toMs ?? Infinity) >= fromMs);
  }

  /** SIGKILL: no time to say good-bye. */
  kill(): void {
    this.#markAway();
    this.#child?.signal('SIGKILL');
  }

  /** After {@link kill}: resolves when it is ready again. */
  async restart(): Promise<void> {
    await this.#child?.ended;
    await this.start();
  }

  /** SIGSTOP: it is there and does nothing. */
  freeze(): void {
    this.#markAway();
    this.#child?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#child?.signal('SIGCONT');
    this.#markBack();
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.#child?.stop(3_000);
  }

  #markAway(): void {
    if (!this.isAway) this.away.push({ fromMs: performance.now() });
  }

  #markBack(): void {
    const last = this.away.at(-1);
    if (last && last.toMs === undefined) last.toMs = performance.now();
  }
}
