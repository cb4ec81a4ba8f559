import { clearLine, cursorTo } from 'node:readline';

/** A log grows by at most one line in this time; a terminal's one line is rewritten as often as wanted. */
const LOG_EVERY_MS = 2_000;

/** Shows how far a long work has come: one line that changes on a terminal, a line now and then in a log. */
export class Progress {
  private shownAtMs = Number.NEGATIVE_INFINITY;
  private last = '';

  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  /** Shows where the work stands. */
  show(line: string): void {
    this.last = line;
    if (this.out.isTTY) this.rewrite(line);
    else if (performance.now() - this.shownAtMs >= LOG_EVERY_MS) this.log(line);
  }

  /** Shows the last line for good. */
  end(line = this.last): void {
    if (this.out.isTTY) this.rewrite(`${line}\n`);
    else this.log(line);
    this.shownAtMs = Number.NEGATIVE_INFINITY;
  }

  private rewrite(line: string): void {
    cursorTo(this.out, 0);
    clearLine(this.out, 0);
    this.out.write(line);
  }

  private log(line: string): void {
    this.shownAtMs = performance.now();
    this.out.write(`${line}\n`);
  }
}
