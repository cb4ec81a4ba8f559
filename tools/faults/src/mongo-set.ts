import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findMongod,
  freePort,
  isListening,
  RECORD_SUFFIX,
  StartedChild,
  writeRecord,
} from '@opd/services';
import mongoose from 'mongoose';
import { ServerPart } from './server-part';
import { TcpProxy } from './tcp-proxy';

const report = (line: string) => void process.stderr.write(`${line}\n`);
const SET = 'opd';
const MEMBERS = 3;
const READY_MS = 60_000;
const ASK_MS = 800;
/** Short, so that a fail-over takes a moment and not the ten seconds of the default. */
const ELECTION_MS = 2_000;
const HEARTBEAT_MS = 500;
const CATCH_UP_MS = 1_000;
const PRIMARY = 1;
const SECONDARY = 2;

/** One member: its process, and the proxy that everybody else reaches it through. */
export interface MongoMember {
  readonly part: ServerPart;
  readonly proxy: TcpProxy;
  /** Its own port, behind the proxy. */
  readonly port: number;
}

/**
 * A replica set of three. Its configuration names the proxies, so that the APIs and the members
 * themselves go through them; a proxy tells the two apart by the name of our driver in the first
 * message. Only this tool asks the members directly.
 */
export class MongoSet {
  private constructor(readonly members: readonly MongoMember[]) {}

  /** Starts the members below `folder` and resolves when one is primary and the others follow. */
  static async start(folder: string): Promise<MongoSet> {
    const binary = await findMongod(report);
    const members = await Promise.all(
      Array.from({ length: MEMBERS }, (_, index) =>
        startMember(binary, join(folder, `mongod-${index}`)),
      ),
    );
    const set = new MongoSet(members);
    await set.#initiate();
    await set.untilHealthy(READY_MS);
    return set;
  }

  /** For the APIs and the audit: through the proxies. Names no database. */
  get uri(): string {
    const hosts = this.members.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(',');
    return `mongodb://${hosts}/?replicaSet=${SET}`;
  }

  /** The member that says it is primary; undefined while none does. */
  async primary(): Promise<MongoMember | undefined> {
    const found = await Promise.all(
      this.members.map(async (member) => {
        const hello = await ask(member.port, { hello: 1 }).catch(() => undefined);
        return hello?.['isWritablePrimary'] === true ? member : undefined;
      }),
    );
    return found.find((member) => member !== undefined);
  }

  async stepDown(member: MongoMember): Promise<void> {
    const command = { replSetStepDown: 4, secondaryCatchUpPeriodSecs: 1, force: true };
    await ask(member.port, command, 3_000).catch(() => undefined);
  }

  /** True when there is one primary, and the others follow it. */
  async isHealthy(): Promise<boolean> {
    const states = await Promise.all(
      this.members.map(async ({ port }) => {
        const status = await ask(port, { replSetGetStatus: 1 }).catch(() => undefined);
        const others = status?.['members'] as { state: number; health: number }[] | undefined;
        const seesAll = others?.every(
          ({ state, health }) => health === 1 && [PRIMARY, SECONDARY].includes(state),
        );
        return seesAll ? (status?.['myState'] as number) : 0;
      }),
    );
    return states.sort().join() === [PRIMARY, SECONDARY, SECONDARY].join();
  }

  async untilHealthy(timeoutMs: number): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!(await this.isHealthy())) {
      if (performance.now() > untilMs)
        throw new Error(`The replica set was not healthy after ${timeoutMs} ms`);
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ part }) => part.stop()));
    await Promise.all(this.members.map(({ proxy }) => proxy.close()));
  }

  async #initiate(): Promise<void> {
    const members = this.members.map(({ proxy }, _id) => ({
      _id,
      host: `127.0.0.1:${proxy.port}`,
    }));
    const settings = {
      electionTimeoutMillis: ELECTION_MS,
      heartbeatIntervalMillis: HEARTBEAT_MS,
      heartbeatTimeoutSecs: 2,
      catchUpTimeoutMillis: CATCH_UP_MS,
    };
    const config = { _id: SET, version: 1, members, settings };
    await ask(this.members[0]?.port ?? 0, { replSetInitiate: config }, READY_MS);
  }
}

async function startMember(binary: string, folder: string): Promise<MongoMember> {
  const port = await freePort();
  const part = new ServerPart(`mongod at ${port}`, () => launch(binary, folder, port));
  await part.start();
  const isApi = (firstBytes: Buffer) => firstBytes.includes('nodejs');
  const proxy = await TcpProxy.start(port, (bytes) => (isApi(bytes) ? 'api' : 'member'));
  return { part, proxy, port };
}

async function launch(binary: string, folder: string, port: number): Promise<StartedChild> {
  const dbPath = join(folder, 'db');
  const logFile = join(folder, 'mongod.log');
  await mkdir(dbPath, { recursive: true });
  const child = await StartedChild.start(binary, [
    ...['--dbpath', dbPath, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--replSet', SET, '--oplogSize', '64', '--wiredTigerCacheSizeGB', '0.25'],
    ...['--logpath', logFile, '--logappend'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ]);
  await writeRecord(join(folder, `mongod${RECORD_SUFFIX}`), {
    pid: child.pid,
    port,
    marker: dbPath,
  });
  const isReady = async () => (await isListening(port)) && Boolean(await ask(port, { ping: 1 }));
  await child.waitUntilReady(isReady, { timeoutMs: READY_MS, title: 'mongod', logFile });
  return child;
}

/** One command to one member, whatever it is in the set. A client of its own: members come and go. */
async function ask(
  port: number,
  command: mongoose.mongo.Document,
  timeoutMs = ASK_MS,
): Promise<mongoose.mongo.Document> {
  const client = new mongoose.mongo.MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
  });
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}
