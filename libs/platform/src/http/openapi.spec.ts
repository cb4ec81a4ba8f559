/**
 * Goal: the OpenAPI document says what the routes do, and its page works without the internet.
 * Method: the served document of the test API, compared with what its routes declare.
 */
import { call, startTestApi, type TestApi } from '../testing';

/** The value at a path into JSON. */
function at(json: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (part as Record<string, unknown> | undefined)?.[key],
    json,
  );
}

describe('the document', () => {
  let api: TestApi;
  let document: unknown;
  beforeAll(async () => {
    api = await startTestApi();
    document = (await call(api, 'GET /openapi.json')).body;
  });
  afterAll(() => api.close());

  it('names every route of the API, and no operational one', () => {
    expect(at(document, 'openapi')).toBe('3.1.0');
    expect(Object.keys(at(document, 'paths') as object).sort()).toEqual([
      '/v1/busy',
      '/v1/faults/{kind}',
      '/v1/greetings',
      '/v1/hanging',
      '/v1/open',
      '/v1/refusals/{code}',
      '/v1/slow',
      '/v1/steps/{id}/step',
    ]);
  });

  it('describes body, reply and headers by their names', () => {
    const post = at(document, 'paths', '/v1/greetings', 'post');
    expect(at(post, 'summary')).toBe('Greets');
    expect(at(post, 'description')).toBe('Needs `slots:manage`.');
    expect(at(post, 'requestBody')).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Greeting' } } },
    });
    expect(at(post, 'responses', '201', 'content', 'application/json', 'schema', '$ref')).toBe(
      '#/components/schemas/Answer',
    );
    expect(at(post, 'parameters')).toMatchObject([
      { name: 'idempotency-key', in: 'header', required: false },
    ]);
    expect(at(document, 'components', 'schemas', 'Greeting')).toEqual({
      type: 'object',
      properties: {
        text: { type: 'string', minLength: 1, maxLength: 40 },
        nested: {
          type: 'object',
          properties: { at: { type: 'integer' } },
          required: ['at'],
          additionalProperties: false,
        },
      },
      required: ['text'],
      additionalProperties: false,
    });
    expect(at(document, 'components', 'schemas', 'Answer', 'properties', 'at')).toEqual({
      type: 'string',
      format: 'date-time',
    });
  });

  it('lists the problems of a route by status, with their codes', () => {
    const responses = at(document, 'paths', '/v1/greetings', 'post', 'responses');
    expect(Object.keys(responses as object)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '429',
      '500',
      '503',
    ]);
    expect(at(responses, '409', 'description')).toContain('`SLOT_FULL`');
    expect(at(responses, '409', 'content', 'application/problem+json', 'schema', '$ref')).toBe(
      '#/components/schemas/Problem',
    );
    expect(
      at(document, 'components', 'schemas', 'Problem', 'properties', 'code', 'enum'),
    ).toContain('SLOT_FULL');
  });

  it('asks for a token where the route does, and for a body only where one is needed', () => {
    expect(at(document, 'components', 'securitySchemes', 'bearer')).toMatchObject({
      scheme: 'bearer',
    });
    expect(at(document, 'paths', '/v1/greetings', 'post', 'security')).toEqual([{ bearer: [] }]);
    expect(at(document, 'paths', '/v1/open', 'get', 'security')).toBeUndefined();
    expect(at(document, 'paths', '/v1/steps/{id}/step', 'post', 'requestBody', 'required')).toBe(
      false,
    );
  });

  it('describes query and path parameters', () => {
    expect(at(document, 'paths', '/v1/open', 'get', 'parameters')).toMatchObject([
      { name: 'limit', in: 'query', required: false, schema: { minimum: 1, maximum: 200 } },
    ]);
    expect(at(document, 'paths', '/v1/steps/{id}/step', 'post', 'parameters')).toMatchObject([
      { name: 'id', in: 'path', required: true },
    ]);
  });

  it('holds only schemas that it mentions, and every one that it mentions', () => {
    const text = JSON.stringify(document);
    const mentioned = [...text.matchAll(/#\/components\/schemas\/(\w+)"/g)].map(([, id]) => id);
    expect([...new Set(mentioned)].sort()).toEqual(
      Object.keys(at(document, 'components', 'schemas') as object).sort(),
    );
  });

  it('has a page that loads everything from us', async () => {
    const page = await call(api, 'GET /docs');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Elastic OPD: test-api');
    const assets = [...page.text.matchAll(/(?:src|href)=["'](.*?)["']/g)].map(([, at]) => at);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).toMatch(/^\.\/docs\//);
      expect((await call(api, `GET ${asset?.slice(1)}`)).status).toBe(200);
    }
    const csp = page.headers.get('content-security-policy') ?? '';
    expect(csp).not.toMatch(/https?:|upgrade-insecure-requests|script-src[^;]*unsafe/);
    // Every script has a source of ours: there is no inline one that the policy would block.
    expect(page.text).not.toMatch(/<script(?![^>]*\ssrc=)/);
  });

  it('is where the front door leads', async () => {
    const reply = await call(api, 'GET /');
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/docs']);
  });
});
