#!/usr/bin/env node
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildMissing } from './build.mjs';
import { endWithParent, installMissing, requireNode, ROOT } from './workspace.mjs';

// npm start: install and build what is missing, then hand over to tools/start.

requireNode();
endWithParent();
process.chdir(ROOT);

for (const prepare of [installMissing, buildMissing]) {
  const code = await prepare();
  if (code !== 0) process.exit(code);
}

process.env.SWC_NODE_PROJECT ??= path.join(ROOT, 'tsconfig.base.json');
const require = createRequire(import.meta.url);
require('@swc-node/register');
const { start } = require('./start/src/main.ts');
const print = (line) => process.stdout.write(`${line}\n`);
process.exit(await start({ env: process.env, root: ROOT, print }));
