import assert from 'node:assert/strict';
import { PROBLEMS, type Page, type ProblemCode } from '@opd/contracts';
import type { z } from 'zod';

/** What is sent beside method and path. */
export interface ApiRequest {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
}

/** What an API answered, whole. */
export class ApiReply {
  constructor(
    /** `POST /v1/bookings` or the like, for messages. */
    readonly line: string,
    readonly status: number,
    readonly headers: Headers,
    readonly text: string,
    /** From sending the request to the last byte of the answer. */
    readonly tookMs: number,
  ) {}

  /** The body as JSON; undefined if it is none. */
  get body(): unknown {
    try {
      return JSON.parse(this.text) as unknown;
    } catch {
      return undefined;
    }
  }

  /** The `code` of a problem; undefined in a success. */
  get code(): ProblemCode | undefined {
    const code = (this.body as { code?: unknown } | null | undefined)?.code;
    return typeof code === 'string' ? (code as ProblemCode) : undefined;
  }

  /**
   * The body of a success, which must be what `schema` says and hold nothing beside it.
   * @throws AssertionError for another status or another body.
   */
  read<T>(status: number, schema: z.ZodType<T>): T {
    assert.equal(this.status, status, `${this.line}: ${this.status} ${this.text}`);
    const parsed = schema.parse(this.body);
    assert.deepEqual(this.body, parsed, `${this.line} answers with more than it declares`);
    return parsed;
  }

  /**
   * Demands a refusal: this status and code, a problem document with the standard members and
   * exactly the `extensions` given, and Retry-After where the same request may succeed later.
   * @throws AssertionError
   */
  assertRefused(status: number, code: ProblemCode, extensions: Record<string, unknown> = {}): void {
    const said = `${this.line}: ${this.status} ${this.text}`;
    assert.equal(this.code, code, said);
    assert.equal(this.status, status, said);
    assert.match(this.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const { detail, requestId, ...rest } = this.body as Record<string, unknown>;
    assert.ok(typeof detail === 'string' && detail.length > 0, said);
    assert.ok(requestId === this.headers.get('x-request-id'), said);
    const type = `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
    const { title } = PROBLEMS[code];
    assert.deepEqual(rest, { type, title, status, code, ...extensions }, this.line);
    const isTemporary = status === 429 || status === 503;
    assert.equal(/^[1-9]\d*$/.test(this.headers.get('retry-after') ?? ''), isTemporary, said);
  }

  /** Demands a 400 that names exactly these fields. @throws AssertionError */
  assertInvalid(...paths: string[]): void {
    const { errors } = this.body as { errors?: { path: string; message: string }[] };
    this.assertRefused(400, 'VALIDATION_FAILED', { errors });
    assert.deepEqual(errors?.map(({ path }) => path).sort(), [...paths].sort(), this.text);
    assert.ok(errors?.every(({ message }) => message.length > 0));
  }
}

/** No list of a test is longer. */
const MAX_PAGES = 100;

/** An API over HTTP, asked by one person or by nobody in particular. Sends each request once. */
export class ApiClient {
  constructor(
    /** `http://127.0.0.1:port` */
    readonly url: string,
    readonly accessToken?: string,
  ) {}

  /** The same API, asked with this token. */
  as(accessToken: string): ApiClient {
    return new ApiClient(this.url, accessToken);
  }

  /**
   * Sends `POST /v1/...` or the like and reads the whole answer, whatever it is.
   * @throws TypeError if there was none.
   */
  async send(line: string, request: ApiRequest = {}): Promise<ApiReply> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const sentAtMs = performance.now();
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: this.#headersOf(request),
      ...(textOf(request) !== undefined && { body: textOf(request) as string }),
    });
    const text = await response.text();
    const tookMs = performance.now() - sentAtMs;
    return new ApiReply(line, response.status, response.headers, text, tookMs);
  }

  get(path: string): Promise<ApiReply> {
    return this.send(`GET ${path}`);
  }

  post(path: string, body?: unknown, request: ApiRequest = {}): Promise<ApiReply> {
    return this.send(`POST ${path}`, { body, ...request });
  }

  /**
   * Reads a list to its end, cursor by cursor, and gives its pages.
   * @param path with `?limit=`, or another query.
   */
  async pages<T>(path: string, schema: z.ZodType<Page<T>>): Promise<T[][]> {
    const pages: T[][] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      assert.ok(pages.length < MAX_PAGES, `${path} does not end`);
      const at = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = (await this.get(path + at)).read(200, schema);
      pages.push(page.items);
      cursor = page.nextCursor;
    }
    return pages;
  }

  #headersOf(request: ApiRequest): Record<string, string> {
    return {
      ...(textOf(request) !== undefined && { 'content-type': 'application/json' }),
      ...(this.accessToken !== undefined && { authorization: `Bearer ${this.accessToken}` }),
      ...(request.idempotencyKey !== undefined && { 'idempotency-key': request.idempotencyKey }),
      ...request.headers,
    };
  }
}

function textOf({ body, text }: ApiRequest): string | undefined {
  return text ?? (body === undefined ? undefined : JSON.stringify(body));
}
