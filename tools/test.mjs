#!/usr/bin/env node
import {
  endWithParent,
  installMissing,
  NX_ENV,
  packageBinary,
  requireNode,
  runPhase,
} from './workspace.mjs';

// npm test: install what is missing, lint, type check, build, then every suite on real servers.
// Arguments go to Jest, for example `npm test -- libs/booking`. The last line is the tally.

requireNode();
endWithParent();

// Looked up when it runs: nothing is there before the installation.
const run = (name, ...args) => runPhase(process.execPath, [packageBinary(name), ...args], NX_ENV);

const phases = [
  { title: 'install', run: installMissing },
  {
    title: 'lint and type check',
    run: () => run('nx', 'run-many', '-t', 'lint', 'typecheck', '--outputStyle=static'),
  },
  // The suites of the programs start the APIs as they are shipped.
  { title: 'build', run: () => run('nx', 'run-many', '-t', 'build', '--outputStyle=static') },
  { title: 'test', run: () => run('jest', ...process.argv.slice(2)) },
];

for (const { title, run } of phases) {
  const code = await run();
  if (code === 0) continue;
  // Jest closes with its own tally, which must stay the last line.
  if (title !== 'test') process.stderr.write(`\nStopped: ${title} failed with code ${code}.\n`);
  process.exit(code);
}
