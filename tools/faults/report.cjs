// Writes docs/reliability-report.md from the results of `npm run faults -- --out FILE`.
const path = require('node:path');

process.env.SWC_NODE_PROJECT = path.join(__dirname, '../../tsconfig.base.json');
require('@swc-node/register');
const { writeReport } = require('./src/report.ts');

writeReport(process.argv.slice(2), path.join(__dirname, '../../docs/reliability-report.md'));
