/**
 * Goal: a wrong environment is named before anything starts, and a right one is completed.
 * Method: the plan itself, and a port that is really taken.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { apiEnvironment, planStart, refuseTakenPorts } from './plan';

const CLINIC = {
  MONGODB_URI: 'mongodb://127.0.0.1/clinic',
  TOKEN_SIGNING_KEY: 'a key of the clinic, which is long enough',
};

describe('the plan', () => {
  it('is the demo on the default ports when nothing is set', async () => {
    expect(await planStart({})).toEqual({
      dataDir: resolve('.opd'),
      host: '127.0.0.1',
      ports: { 'patient-api': 3001, 'desk-api': 3002, 'admin-api': 3003 },
      isDemo: true,
      mongodbUri: undefined,
      redisUrls: undefined,
      tokenSigningKey: undefined,
    });
  });

  it('is no demo when a MongoDB is given, unless the demo is asked for', async () => {
    expect(await planStart(CLINIC)).toMatchObject({ isDemo: false });
    expect((await planStart({ ...CLINIC, OPD_DEMO: 'true' })).isDemo).toBe(true);
  });

  it('is no demo when that is switched off, and then needs a key', async () => {
    await expect(planStart({ OPD_DEMO: 'false' })).rejects.toThrow('TOKEN_SIGNING_KEY must be set');
  });

  it('gives each API whose port is 0 a free one', async () => {
    const zero = { PATIENT_API_PORT: '0', DESK_API_PORT: '0', ADMIN_API_PORT: '0' };
    const { ports } = await planStart(zero);
    expect(Object.values(ports).every((port) => port > 1023)).toBe(true);
    expect(new Set(Object.values(ports)).size).toBe(3);
  });

  it.each([
    [{ DESK_API_PORT: 'seven' }, 'DESK_API_PORT must be a whole number from 0 to 65535'],
    [{ MONGODB_URI: 'postgres://127.0.0.1' }, 'MONGODB_URI must be set to mongodb://'],
    [{ REDIS_URLS: 'redis://a,redis://b' }, 'REDIS_URLS must be set to 1, 3 or 5'],
    [{ MONGODB_URI: CLINIC.MONGODB_URI }, 'TOKEN_SIGNING_KEY must be set'],
    [{ NODE_ENV: 'production' }, 'OPD_DEMO must not be true where NODE_ENV is production'],
  ])('refuses %j', async (env, sentence) => {
    await expect(planStart(env)).rejects.toThrow(sentence);
  });
});

describe('the ports', () => {
  it('must be three', async () => {
    const plan = await planStart({
      DESK_API_PORT: '4242',
      ADMIN_API_PORT: '4242',
      PATIENT_API_PORT: '0',
    });
    await expect(refuseTakenPorts(plan)).rejects.toThrow(
      'DESK_API_PORT and ADMIN_API_PORT are both 4242.',
    );
  });

  it('must be free', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    const env = { PATIENT_API_PORT: '0', DESK_API_PORT: String(port), ADMIN_API_PORT: '0' };
    const plan = await planStart(env);
    await expect(refuseTakenPorts(plan)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is taken, so desk-api cannot start.`,
    );
    squatter.close();
    await once(squatter, 'close');
    await expect(refuseTakenPorts(plan)).resolves.toBeUndefined();
  });
});

it('tells an API what was decided, and keeps every other setting', async () => {
  const env = { ...CLINIC, PATIENT_API_PORT: '0', LOCK_WAIT_MS: '0' };
  const plan = await planStart(env);
  const stores = { mongodbUri: 'mongodb://m', redisUrls: 'redis://r', tokenSigningKey: 'k' };
  expect(apiEnvironment(env, plan, stores)).toEqual({
    PATIENT_API_PORT: String(plan.ports['patient-api']),
    DESK_API_PORT: '3002',
    ADMIN_API_PORT: '3003',
    HOST: '127.0.0.1',
    LOCK_WAIT_MS: '0',
    OPD_DATA_DIR: resolve('.opd'),
    OPD_DEMO: 'false',
    MONGODB_URI: 'mongodb://m',
    REDIS_URLS: 'redis://r',
    TOKEN_SIGNING_KEY: 'k',
  });
});
