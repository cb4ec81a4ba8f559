import { Writable } from 'node:stream';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { createApi, type ApiParts } from '../api';
import { type Authenticator } from '../http/access';
import { readSettings, type Settings } from '../settings';
import { TestModule } from './controller';

/** The least that must be set. */
export const TEST_ENV = {
  MONGODB_URI: 'mongodb://127.0.0.1:1/test',
  REDIS_URLS: 'redis://127.0.0.1:1',
  TOKEN_SIGNING_KEY: 'k'.repeat(32),
} as const;

/** Settings that are valid and lead to no server. */
export const testSettings: Settings = readSettings(TEST_ENV);

/** Tokens are the role's name: who sends `Bearer DESK` is the desk, who sends `Bearer BOT` nobody. */
const authenticator: Authenticator = {
  authenticate: (authorization) => {
    const [role, name] = authorization?.replace('Bearer ', '').split('/') ?? [];
    const isKnown = role === 'PATIENT' || role === 'DESK' || role === 'ADMIN';
    return Promise.resolve(
      isKnown ? { role, userId: name ?? `a-${role.toLowerCase()}` } : undefined,
    );
  },
  isAllowed: ({ role }, permission) =>
    role === 'ADMIN' || (role === 'DESK' && permission === 'bookings:serve'),
};

/** A running test API. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Every line it logged so far. */
  readonly lines: Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

/** The parts of the test API, with Redis at an address where there is none. */
function testParts(settings: Settings): ApiParts {
  const redis = connectRedis();
  const onStopped = () => Promise.resolve(redis.disconnect());
  return {
    name: 'test-api',
    module: TestModule,
    authenticator,
    redis,
    checks: {},
    settings,
    onStopped,
  };
}

/** Builds the test API as an app builds its own, for a process of its own. */
export function createTestApi(settings: Settings): Promise<NestFastifyApplication> {
  return createApi(testParts(settings));
}

/** Starts the test API on a free port, with these settings and parts instead of the usual ones. */
export async function startTestApi(
  settings: Partial<Settings> = {},
  parts: Partial<ApiParts> = {},
): Promise<TestApi> {
  const lines: Record<string, unknown>[] = [];
  const unlimited = { staffLimitPerMinute: 0, patientLimitPerMinute: 0 };
  const usual = testParts({ ...testSettings, ...unlimited, ...settings });
  if (parts.redis) usual.redis.disconnect();
  const all = { ...usual, logDestination: collect(lines), ...parts };
  const app = await createOrRelease(all);
  await app.listen(0, '127.0.0.1');
  const close = async () => {
    await app.close();
    all.redis.disconnect();
  };
  return { app, url: await app.getUrl(), lines, close };
}

function collect(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
}

// A boot that fails must not leave a client behind that keeps the test run alive.
async function createOrRelease(parts: ApiParts): Promise<NestFastifyApplication> {
  try {
    return await createApi(parts);
  } catch (error) {
    parts.redis.disconnect();
    throw error;
  }
}

/** A client as the apps make it: short waits, no queue while Redis is away. */
export function connectRedis(
  url = process.env['OPD_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:1',
): Redis {
  const redis = new Redis(url, {
    commandTimeout: 200,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: 500,
    retryStrategy: () => 50,
  });
  redis.on('error', () => undefined);
  return redis;
}
