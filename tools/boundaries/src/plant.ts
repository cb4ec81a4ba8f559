import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The root of the workspace. */
export const WORKSPACE = join(__dirname, '../../..');

/** A text to be linted as if it stood in `file` (relative to the workspace). */
export interface Plant {
  /** What is planted, for the name of the test. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** Set where a rule needs types; `file` must exist then. */
  readonly typed?: boolean;
}

/** One complaint of the linter. `ruleId` is null where a file could not be read or parsed. */
export interface Complaint {
  readonly ruleId: string | null;
  readonly message: string;
}

/**
 * Lints all plants with the workspace's rules in one child process.
 * @returns the complaints by plant, in the order of `plants`
 * @throws if the linter itself fails, or takes over two minutes
 */
export function lintPlants(plants: readonly Plant[]): Complaint[][] {
  const output = execFileSync(process.execPath, [join(__dirname, 'lint-texts.mjs')], {
    cwd: WORKSPACE,
    input: JSON.stringify(plants),
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 32 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(output) as Complaint[][];
}
