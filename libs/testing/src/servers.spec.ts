/**
 * Goal: suites can rely on the servers that the run starts for them.
 * Method: the run's real MongoDB and Redis, and a pair of own ones that is frozen and killed.
 */
import mongoose from 'mongoose';
import { Redis } from 'ioredis';
import { spawnTestMongod, spawnTestRedis, testMongoUri, testRedisUrl } from './servers';

const { MongoClient } = mongoose.mongo;

describe('the servers of the run', () => {
  it('gives every call a database of its own on the replica set', async () => {
    const [first, second] = [testMongoUri(), testMongoUri()];
    expect(new URL(first).pathname).toMatch(/^\/t_[0-9a-f]{16}$/);
    expect(new URL(first).pathname).not.toBe(new URL(second).pathname);
    const client = await MongoClient.connect(first);
    const written = await client
      .db()
      .collection('probe')
      .insertOne({ seen: true }, { writeConcern: { w: 'majority' } });
    expect(written.acknowledged).toBe(true);
    await client.db().dropDatabase();
    await client.close();
  });

  it('lets a suite make commands fail', async () => {
    const client = await MongoClient.connect(testMongoUri());
    const name = `probe-${process.pid}`;
    const data = { failCommands: ['insert'], errorCode: 91, appName: name };
    const configure = { configureFailPoint: 'failCommand', mode: { times: 1 }, data };
    expect(await client.db('admin').command(configure)).toMatchObject({ ok: 1 });
    await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    await client.close();
  });

  it('has a Redis', async () => {
    const redis = new Redis(testRedisUrl());
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });
});

describe('servers of a suite', () => {
  it('brings a killed Redis back empty at the same address', async () => {
    const first = await spawnTestRedis();
    const redis = new Redis(first.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    await redis.set('key', 'value');
    first.signal('SIGKILL');
    await first.ended;
    const second = await spawnTestRedis({ port: first.port });
    expect(await redis.get('key')).toBeNull();
    redis.disconnect();
    await second.stop();
  });

  it('brings a killed MongoDB back with its data at the same address, and thaws to stop', async () => {
    const first = await spawnTestMongod();
    const client = await MongoClient.connect(first.uri);
    const probes = client.db('t').collection('probes');
    await probes.insertOne({ at: 1 }, { writeConcern: { w: 'majority', journal: true } });
    first.signal('SIGKILL');
    await first.ended;
    const second = await spawnTestMongod({ dataDir: first.dataDir });
    expect(second.uri).toBe(first.uri);
    expect(await probes.countDocuments()).toBe(1);
    await client.close();
    second.signal('SIGSTOP');
    await second.stop();
    await expect(second.ended).resolves.toBeUndefined();
  });
});
