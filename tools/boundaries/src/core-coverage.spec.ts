/**
 * Goal: no branch of the core is without an example, and a run of all tests fails when one is.
 * Method: the core's example specs run in a child with coverage and a threshold of 100 %; the random
 * and exhaustive ones stay out, so that what covers a branch is an example that somebody can read.
 * (Jest honours a threshold only at the root, where it would have to measure every project.) That
 * the threshold bites is shown by leaving one spec out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKSPACE } from './plant';

// No threshold for statements: the compiler writes some of its own, which no test can reach.
const FULL = { branches: 100, functions: 100, lines: 100 };

interface Coverage {
  readonly status: number | null;
  readonly output: string;
  readonly files: readonly string[];
}

function cover(specs: string, directory: string): Coverage {
  const args = [
    ...[require.resolve('jest/bin/jest'), '--config', 'libs/capacity-core/jest.config.js'],
    ...['--testPathPatterns', specs, '--coverage', '--coverageDirectory', directory],
    ...['--collectCoverageFrom', 'src/**/*.ts', '--collectCoverageFrom', '!src/**/*.spec.ts'],
    ...['--coverageThreshold', JSON.stringify({ global: FULL })],
    ...['--coverageReporters', 'text', '--coverageReporters', 'json-summary'],
  ];
  const run = spawnSync(process.execPath, args, {
    cwd: WORKSPACE,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const summary = readFileSync(join(directory, 'coverage-summary.json'), 'utf8');
  const files = Object.keys(JSON.parse(summary) as object).filter((file) => file !== 'total');
  return { status: run.status, output: run.stdout + run.stderr, files };
}

describe('the branches of the core', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'core-coverage-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('are all reached by its examples', () => {
    const { status, output, files } = cover('src/(capacity|decide|transitions)\\.spec', directory);
    expect(files.length).toBeGreaterThanOrEqual(4);
    // The table of what is missing is part of what a failure shows.
    expect(status === 0 ? '' : output).toBe('');
  }, 60_000);

  it('are missed, and the run fails, without the examples of decide', () => {
    const { status, output } = cover('src/(capacity|transitions)\\.spec', directory);
    expect(output).toMatch(
      /Coverage for branches \(.*%\) does not meet "global" threshold \(100%\)/,
    );
    expect(status).toBe(1);
  }, 60_000);
});
