import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAbandonedRuns, endRun } from '@opd/services';
import mongoose from 'mongoose';
import { ApiRows, ROWS } from './api-rows';
import { MongoSet } from './mongo-set';
import { RedisNodes } from './redis-nodes';

const RUN_PREFIX = 'opd-faults-';
const DATABASE = 'elastic_opd';

/** The whole clinic as real processes: stores, the proxies before them, two rows of APIs. */
export class RealClinic {
  private constructor(
    readonly folder: string,
    readonly mongo: MongoSet,
    readonly redis: RedisNodes,
    readonly apis: ApiRows,
    private readonly client: mongoose.mongo.MongoClient,
  ) {}

  /** Starts everything; `dist` is where the built APIs lie. Ends runs that were killed before. */
  static async start(dist: string): Promise<RealClinic> {
    await endAbandonedRuns(tmpdir(), RUN_PREFIX);
    const folder = await mkdtemp(join(tmpdir(), `${RUN_PREFIX}${process.pid}-`));
    const [mongo, redis] = await Promise.all([
      MongoSet.start(folder),
      RedisNodes.start(folder, ROWS),
    ]);
    const apis = await ApiRows.start({
      folder: join(folder, 'apis'),
      dist,
      mongodbUri: mongo.uri.replace('/?', `/${DATABASE}?`),
      redisUrls: (row) => redis.urls(row),
      signingKey: randomBytes(24).toString('hex'),
    });
    const client = new mongoose.mongo.MongoClient(mongo.uri, { retryReads: true });
    return new RealClinic(folder, mongo, redis, apis, client);
  }

  /** The raw documents. */
  get db(): mongoose.mongo.Db {
    return this.client.db(DATABASE);
  }

  /** Resolves when every part is well and every API says that it is ready; false after the bound. */
  async isHealthyWithin(timeoutMs: number): Promise<boolean> {
    const untilMs = performance.now() + timeoutMs;
    while (performance.now() < untilMs) {
      const parts = [this.mongo.isHealthy(), this.redis.isHealthy(), this.apis.areReady()];
      if ((await Promise.all(parts)).every(Boolean)) return true;
      await sleep(50);
    }
    return false;
  }

  /** Stops every process and removes what they left; with `keep` their folder stays. */
  async stop({ keep = false } = {}): Promise<void> {
    await this.client.close();
    await this.apis.stop();
    await Promise.all([this.mongo.stop(), this.redis.stop()]);
    if (!keep) await endRun(this.folder);
  }
}
