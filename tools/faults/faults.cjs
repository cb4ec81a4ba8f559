// Runs the tool from its TypeScript sources, on every shell alike.
const path = require('node:path');

process.env.SWC_NODE_PROJECT = path.join(__dirname, '../../tsconfig.base.json');
require('@swc-node/register');
require('./src/main.ts');
