import { join, relative } from 'node:path';
import { findMongod, findRedisServer } from '@opd/services';
import { claimDataDir, demoSigningKey } from './data-dir';
import { House } from './house';
import { apiPart, mongodPart, redisPart, stopOrphanApi } from './parts';
import { API_NAMES, apiEnvironment, planStart, refuseTakenPorts, type StartPlan } from './plan';

/** Where a run of `npm start` takes its things from and where it tells. */
export interface StartContext {
  env: Readonly<Record<string, string | undefined>>;
  /** The folder with `dist`. */
  root: string;
  print: (line: string) => void;
}

const DATABASE = 'elastic_opd';

/**
 * `npm start`, once everything is installed and built: brings the stores and the three APIs up,
 * keeps them up, and on SIGINT or SIGTERM stops all it started. Resolves to the exit code when
 * nothing of it runs any more: 0 after a signal, 1 when something could not be started or died too
 * often, with the reason printed.
 */
export async function start(context: StartContext): Promise<number> {
  const house = new House(context.print);
  const signal = firstSignal(context.print);
  try {
    await Promise.race([raiseAll(house, context), signal]);
    const why = await Promise.race([house.givenUp, signal]);
    if (why === undefined) return 0;
    context.print(`${why} Stopping everything; the reason is in its log.`);
    return 1;
  } catch (error) {
    context.print(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await house.stop();
    context.print('stopped');
  }
}

/** Resolves at the first SIGINT or SIGTERM; later ones change nothing, the end is bounded anyway. */
function firstSignal(print: (line: string) => void): Promise<undefined> {
  return new Promise((resolve) => {
    let isFirst = true;
    const hear = () => {
      if (isFirst) print('stopping ...');
      isFirst = false;
      resolve(undefined);
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, hear);
  });
}

async function raiseAll(house: House, context: StartContext): Promise<void> {
  const { env, root, print } = context;
  const plan = await planStart(env);
  await claimDataDir(plan.dataDir);
  for (const name of API_NAMES) await stopOrphanApi(plan.dataDir, name);
  await refuseTakenPorts(plan);
  const tokenSigningKey = plan.tokenSigningKey ?? (await demoSigningKey(plan.dataDir));
  const stores = await raiseStores(house, plan, print);
  const told = apiEnvironment(env, plan, { ...stores, tokenSigningKey });
  const apis = API_NAMES.map((name) =>
    apiPart({
      name,
      mainFile: join(root, 'dist', 'apps', name, 'main.mjs'),
      host: plan.host,
      port: plan.ports[name],
      dataDir: plan.dataDir,
      env: told,
    }),
  );
  const addresses = await house.raise(apis);
  API_NAMES.forEach((name, index) => print(`${name}  ${addresses[index]}`));
  printAdvice(plan, print);
}

/** Starts the stores that nobody gave us, prints where both are, and resolves to their addresses. */
async function raiseStores(
  house: House,
  plan: StartPlan,
  print: (line: string) => void,
): Promise<{ mongodbUri: string; redisUrls: string }> {
  const [mongod, redisServer] = await Promise.all([
    plan.mongodbUri === undefined ? findMongod(print) : undefined,
    plan.redisUrls === undefined ? findRedisServer(print) : undefined,
  ]);
  const parts = [
    ...(mongod === undefined ? [] : [mongodPart(mongod, plan.dataDir)]),
    ...(redisServer === undefined ? [] : [redisPart(redisServer, plan.dataDir)]),
  ];
  const started = await house.raise(parts);
  const mongodbUri = plan.mongodbUri ?? withDatabase(started.shift() ?? '');
  const redisUrls = plan.redisUrls ?? started.shift() ?? '';
  print(`mongodb  ${withoutPassword(mongodbUri)}`);
  print(`redis  ${redisUrls.split(',').map(withoutPassword).join(',')}`);
  return { mongodbUri, redisUrls };
}

function withDatabase(uri: string): string {
  const url = new URL(uri);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

// By text, because an address of several hosts is no URL in Node's sense.
function withoutPassword(address: string): string {
  return address.trim().replace(/\/\/[^@/]*@/, '//');
}

function printAdvice(plan: StartPlan, print: (line: string) => void): void {
  if (plan.isDemo) {
    print('');
    print('Sign in (a demo: never for real patients)');
    print('  desk      desk / desk-demo');
    print('  admin     admin / admin-demo');
    print('  patients  any phone; the reply to POST /v1/auth/otp carries demoCode');
  }
  const shown = relative(process.cwd(), plan.dataDir) || '.';
  print('');
  print(`Data in ${shown}, logs in ${join(shown, 'logs')}. Ctrl-C stops everything.`);
}
