/**
 * Goal: everything is closed by default. Of each API exactly the public routes answer without a
 * token, and each role reaches exactly its own routes, on all three APIs.
 * Method: every route of the contract is asked without a token, with forged ones, and as every role,
 * on the real APIs. What is let through fails later, on an id that is not there or an empty body.
 */
import { createHmac } from 'node:crypto';
import { createAdminApi } from '@opd/admin-api';
import { ROLES, type Role } from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import { Clinic, clinicEnv } from '@opd/testing';
import { APIS, ROUTES, type ContractRoute } from './api-routes';

jest.setTimeout(60_000);

let clinic: Clinic;
let tokenOf: Record<Role, string>;

beforeAll(async () => {
  const env = clinicEnv();
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
  const patient = await clinic.newPatient();
  tokenOf = {
    PATIENT: patient.api.accessToken ?? '',
    DESK: clinic.desk.accessToken ?? '',
    ADMIN: clinic.admin.accessToken ?? '',
  };
});

afterAll(() => clinic.close());

function ask({ api, line }: ContractRoute, token?: string) {
  const filled = line.replace('{date}', clinic.day()).replaceAll(/\{\w+\}/g, 'none');
  const visitor = clinic.visitors[api];
  return (token === undefined ? visitor : visitor.as(token)).send(filled);
}

const NAMED = ROUTES.map((route) => ({ ...route, name: `${route.api}-api: ${route.line}` }));
const CLOSED = NAMED.filter(({ roles }) => roles.length > 0);

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function forgedTokens(): Record<string, string> {
  const [head = '', body = '', signature = ''] = tokenOf.ADMIN.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const forged = `${encode({ alg: 'HS256', typ: 'JWT' })}.${body}`;
  const sign = (key: string) => createHmac('sha256', key).update(forged).digest('base64url');
  return {
    'no token at all': 'x',
    'without a signature': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
    'signed with another key': `${forged}.${sign('another')}`,
    'signed with the secret itself': `${forged}.${sign('k'.repeat(32))}`,
    'with another role in it': `${head}.${encode({ ...claims, role: 'DESK' })}.${signature}`,
    'cut short': tokenOf.ADMIN.slice(0, -1),
  };
}

it('covers 33 routes, of which 10 are open to everybody', () => {
  expect([ROUTES.length, ROUTES.length - CLOSED.length]).toEqual([33, 10]);
});

describe.each(CLOSED)('$name', (route) => {
  it('is closed without a token, and with a forged one', async () => {
    const unsigned = await ask(route);
    unsigned.assertRefused(401, 'UNAUTHENTICATED');
    expect(unsigned.headers.get('www-authenticate')).toBe('Bearer');
    for (const token of Object.values(forgedTokens()))
      (await ask(route, token)).assertRefused(401, 'UNAUTHENTICATED');
  });

  it.each(ROLES)('lets %s in only where it is his', async (role) => {
    const reply = await ask(route, tokenOf[role]);
    if (route.roles.includes(role)) expect([200, 400, 404]).toContain(reply.status);
    else reply.assertRefused(403, 'FORBIDDEN');
  });
});

describe.each(NAMED.filter(({ roles }) => roles.length === 0))('$name', (route) => {
  it('answers without a token, and looks at none', async () => {
    for (const token of [undefined, 'x', tokenOf.PATIENT])
      expect([200, 400, 404]).toContain((await ask(route, token)).status);
  });
});

describe.each(APIS)('%s-api', (api) => {
  it.each(['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs'])(
    'answers GET %s to everybody',
    async (path) => {
      expect((await clinic.visitors[api].get(path)).status).toBe(200);
    },
  );

  it('has none of the routes of the others', async () => {
    const own = new Set(ROUTES.filter((route) => route.api === api).map(({ line }) => line));
    const others = ROUTES.filter(({ line }) => !own.has(line));
    expect(others.length).toBeGreaterThan(5);
    for (const { line } of others) {
      const reply = await ask({ api, line } as ContractRoute, tokenOf.ADMIN);
      expect([401, 403, 404, 405]).toContain(reply.status);
    }
  });

  it('answers 404 and 405 where there is no route', async () => {
    const visitor = clinic.visitors[api];
    (await visitor.get('/v1/nothing')).assertRefused(404, 'NOT_FOUND');
    const reply = await visitor.send('DELETE /v1/doctors');
    reply.assertRefused(405, 'METHOD_NOT_ALLOWED');
    expect(reply.headers.get('allow')).toMatch(/GET/);
  });
});
