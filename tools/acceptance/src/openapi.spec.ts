/**
 * Goal: the OpenAPI document of each API lists exactly the routes of the HTTP contract, with their
 * bodies, replies and problems; `/docs` shows it and `/` leads there.
 * Method: the documents of the real APIs are compared with a table written from the contract.
 */
import { createAdminApi } from '@opd/admin-api';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import { Clinic, clinicEnv } from '@opd/testing';
import { APIS, ROUTES, type ApiName, type ContractRoute } from './api-routes';

jest.setTimeout(60_000);

type Content = Readonly<Record<string, { schema: { $ref: string } }>>;

interface Operation {
  readonly summary: string;
  readonly security?: object[];
  readonly requestBody?: { content: Content };
  readonly responses: Readonly<Record<string, { description: string; content: Content }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { schemas: Readonly<Record<string, object>> };
}

let clinic: Clinic;
const documents = {} as Record<ApiName, Document>;

beforeAll(async () => {
  const env = clinicEnv();
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
  for (const api of APIS)
    documents[api] = (await clinic.visitors[api].get('/openapi.json')).body as Document;
});

afterAll(() => clinic.close());

function operation({ api, line }: ContractRoute): Operation | undefined {
  const [method = '', path = ''] = line.split(' ');
  return documents[api].paths[path]?.[method.toLowerCase()];
}

function linesOf({ paths }: Document): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

function nameOf(content: Content | undefined, mediaType: string): string | undefined {
  return content?.[mediaType]?.schema.$ref.replace('#/components/schemas/', '');
}

describe.each(APIS)('%s-api', (api) => {
  it('lists exactly the routes of the contract', () => {
    const expected = ROUTES.filter((route) => route.api === api).map(({ line }) => line);
    expect(linesOf(documents[api]).sort()).toEqual([...expected].sort());
    expect(documents[api].openapi).toBe('3.1.0');
  });

  it('refers to no schema that is missing, and keeps none that nobody uses', () => {
    const { schemas } = documents[api].components;
    const used = JSON.stringify(documents[api]).matchAll(/"#\/components\/schemas\/(.*?)"/g);
    expect(Object.keys(schemas).sort()).toEqual([...new Set([...used].map(([, id]) => id))].sort());
  });

  it('shows the document at /docs, where / leads', async () => {
    const visitor = clinic.visitors[api];
    const home = await visitor.get('/');
    expect([home.status, home.headers.get('location')]).toEqual([302, '/docs']);
    const docs = await visitor.get('/docs');
    expect(docs.headers.get('content-type')).toMatch(/^text\/html/);
    expect(docs.text).toMatch(/swagger-ui/);
    expect(docs.text).not.toMatch(/(src|href)="https?:/);
  });
});

describe.each(ROUTES)('$api-api: $line', (route) => {
  const isPublic = route.roles.length === 0;

  it('takes and gives what the contract says', () => {
    const found = operation(route);
    expect(found?.summary).not.toBe('');
    expect(nameOf(found?.requestBody?.content, 'application/json')).toBe(route.takes);
    const success = found?.responses[route.success];
    expect(nameOf(success?.content, 'application/json')).toBe(route.gives);
    expect(found?.security ?? []).toHaveLength(isPublic ? 0 : 1);
  });

  it('names its problems', () => {
    const responses = Object.entries(operation(route)?.responses ?? {});
    const problems = responses.filter(([status]) => Number(status) >= 400);
    const statuses = problems.map(([status]) => Number(status));
    const everywhere = [429, 500, 503, ...(isPublic ? [] : [401, 403])];
    const ofBody = route.takes === undefined ? [] : [400, 413, 415];
    expect(statuses).toEqual(expect.arrayContaining([...everywhere, ...ofBody, ...route.refuses]));
    const allowed = [...everywhere, ...ofBody, 400, ...route.refuses];
    expect(statuses.filter((status) => !allowed.includes(status))).toEqual([]);
    for (const [, { content }] of problems)
      expect(nameOf(content, 'application/problem+json')).toBe('Problem');
  });
});
