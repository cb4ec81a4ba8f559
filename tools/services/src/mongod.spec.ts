/**
 * Goal: a MongoDB that keeps its data over every kind of restart and never outlives its purpose.
 * Method: real mongod processes on temporary folders; a parent that is really killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { endRun, isListening, startMongod, type MongodProcess } from './index';

const { MongoClient } = mongoose.mongo;
const binary = process.env['OPD_TEST_MONGOD_BINARY'] ?? '';
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(process.env['OPD_TEST_DIR'] ?? tmpdir(), 'mongod-spec-'));
});
afterEach(() => endRun(dataDir));

async function writeOne(server: Pick<MongodProcess, 'uri'>): Promise<void> {
  const client = await MongoClient.connect(server.uri);
  const writeConcern = { w: 'majority', journal: true } as const;
  await client.db('t').collection('kept').insertOne({ at: 1 }, { writeConcern });
  await client.close();
}

async function countKept(server: Pick<MongodProcess, 'uri'>): Promise<number> {
  const client = await MongoClient.connect(server.uri, { serverSelectionTimeoutMS: 5_000 });
  const count = await client.db('t').collection('kept').countDocuments();
  await client.close();
  return count;
}

/** A process that starts MongoDB on `dataDir` and then only waits. */
async function parentWithMongod(): Promise<{ kill(): Promise<void>; port: number; uri: string }> {
  const script = `require(process.argv[1]).startMongod({ binary: process.argv[2], dataDir: process.argv[3] })
    .then(({ port, uri }) => console.log(JSON.stringify({ port, uri })))`;
  const root = join(__dirname, '../../..');
  const args = ['-r', '@swc-node/register', '-e', script, join(__dirname, 'index.ts')];
  const parent = spawn(process.execPath, [...args, binary, dataDir], {
    cwd: root,
    env: { ...process.env, SWC_NODE_PROJECT: join(root, 'tsconfig.base.json') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = JSON.parse(line.toString()) as { port: number; uri: string };
  const kill = async () => {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  };
  return { ...child, kill };
}

async function recordedPid(): Promise<number> {
  const record = JSON.parse(await readFile(join(dataDir, 'mongod.process.json'), 'utf8')) as {
    pid: number;
  };
  return record.pid;
}

it('finds after a stop what was written before, at the same address', async () => {
  const first = await startMongod({ binary, dataDir });
  await writeOne(first);
  await first.stop();
  expect(await isListening(first.port)).toBe(false);
  const second = await startMongod({ binary, dataDir });
  expect(second.uri).toBe(first.uri);
  expect(await countKept(second)).toBe(1);
  await second.stop();
});

it('finds its data after a kill', async () => {
  const first = await startMongod({ binary, dataDir });
  await writeOne(first);
  first.signal('SIGKILL');
  await first.ended;
  const second = await startMongod({ binary, dataDir });
  expect(await countKept(second)).toBe(1);
  await second.stop();
});

it('moves to another port, with its data, when its own is taken meanwhile', async () => {
  const first = await startMongod({ binary, dataDir });
  await writeOne(first);
  await first.stop();
  const squatter = createServer((socket) => socket.destroy()).listen(first.port, '127.0.0.1');
  await once(squatter, 'listening');
  const second = await startMongod({ binary, dataDir });
  expect(second.port).not.toBe(first.port);
  expect(await countKept(second)).toBe(1);
  await second.stop();
  squatter.close();
});

it('names a port that was asked for and is taken', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as { port: number };
  await expect(startMongod({ binary, dataDir, port })).rejects.toThrow(
    `port ${port} of 127.0.0.1 is taken`,
  );
  squatter.close();
});

it('refuses a folder whose server has a living parent, and leaves that server alone', async () => {
  const first = await startMongod({ binary, dataDir });
  await expect(startMongod({ binary, dataDir })).rejects.toThrow(
    `process ${process.pid} already runs a server in ${dataDir}`,
  );
  await writeOne(first);
  await first.stop();
});

it('stops the server of a parent that was killed, and finds its data', async () => {
  const parent = await parentWithMongod();
  await writeOne(parent);
  await parent.kill();
  expect(await isListening(parent.port)).toBe(true);
  const orphan = await recordedPid();
  const next = await startMongod({ binary, dataDir });
  expect(next.pid).not.toBe(orphan);
  expect(next.port).toBe(parent.port);
  expect(await countKept(next)).toBe(1);
  await next.stop();
});

it('ends what a killed run left, and its folder', async () => {
  const parent = await parentWithMongod();
  await parent.kill();
  await endRun(dataDir);
  expect(await isListening(parent.port)).toBe(false);
  await expect(readFile(join(dataDir, 'mongod.process.json'))).rejects.toThrow('ENOENT');
});

it('ends also a server whose parent had no time to write it down', async () => {
  const parent = await parentWithMongod();
  await rm(join(dataDir, 'mongod.process.json'));
  await parent.kill();
  await endRun(dataDir);
  expect(await isListening(parent.port)).toBe(false);
});

it('says how the log ends when the server does not come up', async () => {
  const first = await startMongod({ binary, dataDir });
  await first.stop();
  await writeFile(join(dataDir, 'db', 'storage.bson'), 'not what it was');
  await expect(startMongod({ binary, dataDir })).rejects.toThrow(
    /mongod ended at once; its log \S+ ends with:\n\{/,
  );
});

it('rejects a program that cannot be executed', async () => {
  const missing = join(dataDir, 'no-such-mongod');
  await expect(startMongod({ binary: missing, dataDir })).rejects.toThrow('ENOENT');
});
