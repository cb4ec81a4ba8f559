/**
 * Goal: the database that is audited is the one meant: named, or run by `npm start`.
 * Method: a real MongoDB, started in a data folder as `npm start` does it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnTestMongod } from '@opd/testing';
import { findMongodbUri } from './database';

type Mongod = Awaited<ReturnType<typeof spawnTestMongod>>;

let mongod: Mongod;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'opd-simulate-'));
  mongod = await spawnTestMongod({ dataDir: join(dataDir, 'mongodb') });
}, 60_000);

afterAll(async () => {
  await mongod.stop();
  await rm(dataDir, { recursive: true });
});

describe('the database', () => {
  it('is the named one before all others', async () => {
    const env = { MONGODB_URI: 'mongodb://b/', OPD_DATA_DIR: dataDir };
    expect(await findMongodbUri('mongodb://a/', env)).toBe('mongodb://a/');
    expect(await findMongodbUri(undefined, env)).toBe('mongodb://b/');
  });

  it('is found in the folder of a running clinic', async () => {
    expect(await findMongodbUri(undefined, { OPD_DATA_DIR: dataDir })).toBe(mongod.uri);
  });

  it('is not guessed', async () => {
    const env = { OPD_DATA_DIR: join(dataDir, 'other') };
    expect(await findMongodbUri(undefined, env)).toBeUndefined();
  });
});
