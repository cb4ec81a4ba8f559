/**
 * Goal: a connection that keeps the promises of the store (majority, bounds, no surprises in filters),
 * and a boot that waits a bounded time and then says clearly what is wrong.
 * Method: the run's real MongoDB, one of this suite's own without a replica set, and a closed port.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { testMongoUri } from '@opd/testing';
import { Test } from '@nestjs/testing';
import { getConnectionToken, getModelToken, MongooseModule } from '@nestjs/mongoose';
import { Schema, type Connection, type Model } from 'mongoose';
import { BootError, connectMongo, mongoCheck, MongoModule } from './mongo';

interface Note {
  title: string;
  at: number;
}
const NoteSchema = new Schema<Note>({ title: String, at: Number });

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('connectMongo', () => {
  let connection: Connection;
  let notes: Model<Note>;
  beforeAll(async () => {
    connection = await connectMongo({ mongodbUri: testMongoUri() });
    notes = connection.model<Note>('Note', NoteSchema);
    await notes.create({ title: 'first', at: 1 }, { title: 'second', at: 2 });
  });
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
  });

  it('writes and reads by majority, from the primary, with every wait bounded', () => {
    expect(connection.getClient().options).toMatchObject({
      writeConcern: { w: 'majority', wtimeoutMS: 1_000 },
      readConcern: { level: 'majority' },
      readPreference: { mode: 'primary' },
      serverSelectionTimeoutMS: 1_500,
      connectTimeoutMS: 1_000,
      socketTimeoutMS: 2_500,
      waitQueueTimeoutMS: 1_500,
      retryWrites: false,
      retryReads: true,
    });
  });

  it('uses the database that the URI names, else elastic_opd', async () => {
    expect(connection.name).toMatch(/^t_[\da-f]{16}$/);
    const nameless = new URL(testMongoUri());
    nameless.pathname = '/';
    const other = await connectMongo({ mongodbUri: nameless.href });
    expect(other.name).toBe('elastic_opd');
    await other.close();
  });

  it('takes an operator inside a value literally', async () => {
    const operator = { $ne: null } as unknown as string;
    await expect(notes.find({ title: operator })).rejects.toThrow(/Cast to string failed/);
    expect(await notes.countDocuments({ title: 'first' })).toBe(1);
  });

  it('throws at a filter field that the schema does not know', async () => {
    const filter = { titel: 'first' } as unknown as { title: string };
    await expect(notes.find(filter)).rejects.toThrow(/strictQuery/);
  });

  it('makes no index and no collection by itself', async () => {
    const schema = new Schema({ a: { type: Number, index: true } });
    const lazy = connection.model('Lazy', schema);
    await lazy.init();
    const collections = await connection.db?.listCollections().toArray();
    expect(collections?.map(({ name }) => name)).toEqual(['notes']);
  });

  it('is what Nest hands to models, and is closed with the application', async () => {
    const own = await connectMongo({ mongodbUri: testMongoUri() });
    const feature = MongooseModule.forFeature([{ name: 'Note', schema: NoteSchema }]);
    const module = await Test.createTestingModule({
      imports: [MongoModule.forConnection(own), feature],
    }).compile();
    expect(module.get(getConnectionToken())).toBe(own);
    const model = module.get<Model<Note>>(getModelToken('Note'));
    expect(await model.countDocuments()).toBe(0);
    await expect(mongoCheck(own)()).resolves.toMatchObject({ ok: 1 });
    await module.close();
    expect(own.readyState).toBe(0);
    await expect(mongoCheck(own)()).rejects.toThrow();
  });
});

describe('a MongoDB that cannot be used', () => {
  it('is waited for, up to 10 s, then named without its password', async () => {
    const port = await freePort();
    const mongodbUri = `mongodb://opd:hunter2@127.0.0.1:${port}/opd?replicaSet=opd`;
    const startedAtMs = performance.now();
    const error: unknown = await connectMongo({ mongodbUri }).catch((thrown: unknown) => thrown);
    const tookMs = performance.now() - startedAtMs;
    expect(error).toBeInstanceOf(BootError);
    expect((error as Error).message).toMatch(
      new RegExp(`^MongoDB at mongodb://127.0.0.1:${port}/opd did not answer within 10 s: `),
    );
    expect((error as Error).message).not.toContain('hunter2');
    expect(tookMs).toBeGreaterThan(8_000);
    expect(tookMs).toBeLessThan(12_500);
  });

  describe('because it is no replica set', () => {
    let mongod: ChildProcess;
    let port: number;
    beforeAll(async () => {
      port = await freePort();
      const dataDir = await mkdtemp(join(process.env['OPD_TEST_DIR'] ?? '', 'standalone-'));
      const args = ['--port', String(port), '--dbpath', dataDir, '--bind_ip', '127.0.0.1'];
      mongod = spawn(process.env['OPD_TEST_MONGOD_BINARY'] ?? 'mongod', args, { stdio: 'ignore' });
    });
    afterAll(async () => {
      const ended = new Promise((resolve) => mongod.once('exit', resolve));
      mongod.kill('SIGTERM');
      await ended;
    });

    it('is refused', async () => {
      await expect(connectMongo({ mongodbUri: `mongodb://127.0.0.1:${port}` })).rejects.toThrow(
        `MongoDB at mongodb://127.0.0.1:${port} is no replica set: start it with --replSet`,
      );
    });
  });
});
