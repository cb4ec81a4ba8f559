// Plants one defect after the other into the sources as they are loaded, and plays simulated worlds
// of fixed seeds until one breaks a promise. Nothing on the disk changes.
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const root = path.join(__dirname, '../..');
const MOST_SEEDS = Number(process.env.MUTANT_SEEDS ?? 300);
const loadFile = Module._extensions['.js'];
let planted;

// Stands below the transpiler, so it sees TypeScript.
Module._extensions['.ts'] = (module, filename) => {
  const compile = module._compile;
  module._compile = (code, name) => {
    module._compile = compile;
    const isIt = planted && filename === path.join(root, planted.file);
    module._compile(isIt ? plantedIn(code) : code, name);
  };
  loadFile(module, filename);
};
process.env.SWC_NODE_PROJECT = path.join(root, 'tsconfig.base.json');
require('@swc-node/register');

function plantedIn(code) {
  const matches = code.split(planted.find).length - 1;
  if (matches !== 1) throw new Error(`${planted.name}: found ${matches} times in ${planted.file}`);
  return code.replace(planted.find, () => planted.replace);
}

const { MUTANTS } = require('./src/planted.ts');

/** The first seed that shows the defect, and the rule it broke; undefined if none did. */
async function firstKill(mutant) {
  planted = mutant;
  for (const file of Object.keys(require.cache))
    if (/\/libs\/(booking|capacity-core)\/|\/tools\/simulation\//.test(file.slice(root.length)))
      delete require.cache[file];
  const { playSeed } = require('../simulation/src/simulate.ts');
  const { fromSeed = 1 } = mutant;
  for (let seed = fromSeed; seed < fromSeed + MOST_SEEDS; seed += 1) {
    try {
      const { violations } = await playSeed(seed);
      if (violations.length > 0) return { seed, rule: violations[0].rule };
    } catch (error) {
      return { seed, rule: `THREW ${error.message}` };
    }
  }
  return undefined;
}

/** What became of every planted defect, for the reliability report. */
async function runMutants() {
  const startedMs = performance.now();
  const mutants = [];
  const wanted = process.argv[2] ?? '';
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(wanted))) {
    const killedBy = await firstKill(mutant);
    mutants.push({ name: mutant.name, killedBy });
    const how = killedBy ? `killed by seed ${killedBy.seed}: ${killedBy.rule}` : 'SURVIVED';
    console.log(`${mutant.name}: ${how}`);
  }
  const killed = mutants.filter(({ killedBy }) => killedBy).length;
  const tookMs = performance.now() - startedMs;
  return { kind: 'mutants, simulated store', planted: mutants.length, killed, mutants, tookMs };
}

module.exports = { runMutants };

if (require.main === module)
  runMutants().then(
    ({ planted: count, killed, tookMs }) => {
      console.log(`${killed} of ${count} planted defects killed in ${Math.round(tookMs / 1000)} s`);
      process.exitCode = killed === count ? 0 : 1;
    },
    (error) => {
      console.error(error);
      process.exitCode = 2;
    },
  );
