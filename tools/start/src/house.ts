import { Supervisor, type Part } from './supervise';

/**
 * All parts of one `npm start`, in storeys: a storey starts when the one below it is up and stops
 * before it.
 */
export class House {
  /** Resolves with a sentence when a part died too often. Nothing is stopped by that alone. */
  readonly givenUp: Promise<string>;
  private onGivenUp: (sentence: string) => void = () => undefined;
  private readonly storeys: Supervisor[][] = [];
  private stopping: Promise<void> | undefined;

  constructor(private readonly report: (line: string) => void) {
    this.givenUp = new Promise((resolve) => (this.onGivenUp = resolve));
  }

  /**
   * Starts one storey more, its parts together, and resolves to their addresses in their order.
   * Rejects with the reason of the first part that cannot start; `stop` ends the others.
   */
  async raise(parts: readonly Part[]): Promise<string[]> {
    if (this.stopping) throw new Error('Stopped before everything was up.');
    const { report, onGivenUp } = this;
    const storey = parts.map((part) => new Supervisor(part, { report, onGivenUp }));
    this.storeys.push(storey);
    return Promise.all(storey.map((supervisor) => supervisor.start()));
  }

  /** Stops every storey, the last one first. Repeated calls wait for the same end. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    for (const storey of this.storeys.toReversed()) {
      await Promise.all(storey.map((supervisor) => supervisor.stop()));
    }
  }
}
