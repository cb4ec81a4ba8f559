import { type TestApi } from './api';

/** What the specs look at in a body: all of it is there in a problem, some of it elsewhere. */
export interface Body {
  readonly code: string;
  readonly status: number | string;
  readonly requestId: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly checks: Readonly<Record<string, string>>;
}

/** What a request was answered with; `text` is its body as it came, `body` its JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** A request to the test API: `as` is the role whose token is sent, `body` is sent as JSON. */
export interface TestRequest {
  readonly as?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** Sends `POST /path` or the like and reads the whole answer. */
export async function call(api: TestApi, line: string, request: TestRequest = {}): Promise<Reply> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const sent = bodyOf(request);
  if (request.as !== undefined) sent.headers['authorization'] = `Bearer ${request.as}`;
  Object.assign(sent.headers, request.headers);
  const response = await fetch(`${api.url}${path}`, { method, redirect: 'manual', ...sent });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const body = (isJson ? JSON.parse(text) : {}) as Body;
  return { status: response.status, headers: response.headers, text, body };
}

function bodyOf({ text, body }: TestRequest): { headers: Record<string, string>; body?: string } {
  if (text === undefined && body === undefined) return { headers: {} };
  return { headers: { 'content-type': 'application/json' }, body: text ?? JSON.stringify(body) };
}
