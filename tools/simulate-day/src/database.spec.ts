/**
 * Goal: the database that is audited is the one meant: named, or run by `npm start`.
 * Method: a data folder with the record that a started MongoDB leaves there.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongodbUri } from './database';

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'opd-simulate-'));
  await mkdir(join(dataDir, 'mongodb'));
  await writeFile(join(dataDir, 'mongodb', 'mongod.json'), '{"pid":1,"port":4711}');
});

afterAll(() => rm(dataDir, { recursive: true }));

describe('the database', () => {
  it('is the named one before all others', async () => {
    const env = { MONGODB_URI: 'mongodb://b/', OPD_DATA_DIR: dataDir };
    expect(await findMongodbUri('mongodb://a/', env)).toBe('mongodb://a/');
    expect(await findMongodbUri(undefined, env)).toBe('mongodb://b/');
  });

  it('is found in the folder of a running clinic', async () => {
    expect(await findMongodbUri(undefined, { OPD_DATA_DIR: dataDir })).toBe(
      'mongodb://127.0.0.1:4711/?replicaSet=opd',
    );
  });

  it('is not guessed', async () => {
    expect(
      await findMongodbUri(undefined, { OPD_DATA_DIR: join(dataDir, 'other') }),
    ).toBeUndefined();
  });
});
