import { randomUUID } from 'node:crypto';
import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { refused } from '@opd/contracts';
import helmet from '@fastify/helmet';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LogController, type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { type Logger } from 'pino';
import { type InputCheck } from './check';
import {
  BAD_HTTP,
  BAD_URL,
  NOT_FOUND,
  PROBLEM_MEDIA_TYPE,
  problemBody,
  sendError,
  sendRefusal,
} from './problem';

const BODY_LIMIT_BYTES = 16 * 1_024;

const SERVER: FastifyHttpOptions<Server> = {
  bodyLimit: BODY_LIMIT_BYTES,
  // From the first byte of a request to its last; slower is an attack or a dead line.
  requestTimeout: 10_000,
  // Of silence on a connection. Longer than a request may take, shorter than a proxy's patience.
  connectionTimeout: 20_000,
  keepAliveTimeout: 65_000,
  http: { headersTimeout: 8_000 },
  routerOptions: { maxParamLength: 100 },
  // Ours, always: an id from outside could carry anything into the log.
  requestIdHeader: false,
  genReqId: () => randomUUID(),
  // No proxy is known, so none is believed: an address is the one of the connection.
  trustProxy: false,
  logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
  // What arrives while the server stops is served; the bound is in `stopGracefully`.
  return503OnClosing: false,
  forceCloseConnections: false,
  onProtoPoisoning: 'error',
  onConstructorPoisoning: 'error',
};

/** Nest's adapter, with the error and not-found answers of the platform instead of Nest's. */
class ApiAdapter extends FastifyAdapter {
  override setErrorHandler(): FastifyInstance {
    return this.getInstance<FastifyInstance>().setErrorHandler((error, request, reply) => {
      sendError(request, reply, error);
    });
  }

  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance<FastifyInstance>().setNotFoundHandler((request, reply) =>
      sendRefusal(request, reply, NOT_FOUND),
    );
  }
}

function serverOptions(logger: Logger): FastifyHttpOptions<Server> {
  return {
    ...SERVER,
    loggerInstance: logger,
    clientErrorHandler: answerBadHttp,
    // Paths that the router cannot read or that hold an overlong parameter meet no hook.
    frameworkErrors: (error, request, reply) => {
      request.arrivedAtMs = performance.now();
      reply.header('x-request-id', request.id).headers(API_HEADERS);
      sendRefusal(request, reply, error.code === 'FST_ERR_BAD_URL' ? BAD_URL : NOT_FOUND);
    },
  };
}

// There is no request yet, so there are no hooks: the answer is written by hand.
function answerBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemBody(BAD_HTTP, randomUUID()));
  const head = [
    'HTTP/1.1 400 Bad Request',
    `Content-Type: ${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * Fastify as every API of ours uses it: the hooks of {@link begin} run first, for unknown paths too.
 */
export async function createAdapter(logger: Logger): Promise<FastifyAdapter> {
  const adapter = new ApiAdapter({ ...serverOptions(logger), skipMiddie: true });
  const instance = adapter.getInstance<FastifyInstance>();
  await begin(instance);
  readBodies(instance);
  instance.setValidatorCompiler<InputCheck>(({ schema }) => schema.check);
  return adapter;
}

// For pages. Swagger UI needs inline styles and data: images; scripts come from us alone.
const CSP = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  // TLS ends in front of us: whether there is any is not ours to say.
  upgradeInsecureRequests: null,
};

// For everything under /v1, which no browser should ever show: fixed, because helmet puts its headers
// together anew for each request.
const API_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What every request starts with: its id, its time of arrival, and a way out for unknown paths. */
async function begin(instance: FastifyInstance): Promise<void> {
  instance.decorateRequest('identity', undefined);
  instance.decorateRequest('arrivedAtMs', 0);
  instance.decorateRequest('problemCode', undefined);
  instance.addHook('onRequest', (request, reply, done) => {
    request.arrivedAtMs = performance.now();
    reply.header('x-request-id', request.id);
    done();
  });
  await instance.register(helmet, {
    global: false,
    contentSecurityPolicy: { directives: CSP },
  });
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.url?.startsWith('/v1/') || request.is404) reply.headers(API_HEADERS);
    else reply.helmet();
    // Before the body is read: a path that is not there has no opinion about bodies.
    if (request.is404) sendRefusal(request, reply, NOT_FOUND);
    else done();
  });
}

/** Bodies are JSON. None at all counts as `{}`: what a route needs beyond that, its schema says. */
function readBodies(instance: FastifyInstance): void {
  const parseJson = instance.getDefaultJsonParser('error', 'error');
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request, text, done) => {
      if (text.length === 0) done(null, undefined);
      else void parseJson(request, String(text), done);
    },
  );
  instance.addHook('preValidation', (request, _reply, done) => {
    const takesBody = request.routeOptions.schema?.body !== undefined;
    if (takesBody && request.body === undefined) request.body = {};
    done();
  });
}

/** After all routes are declared: answers the other methods of each path with 405 and `Allow`. */
export function refuseOtherMethods(
  instance: FastifyInstance,
  routes: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [url, allowed] of routes) {
    const allow = [...allowed].sort().join(', ');
    const { refusal } = refused({
      code: 'METHOD_NOT_ALLOWED',
      detail: `Only ${allow} can be used here.`,
    });
    instance.route({
      method: instance.supportedMethods.filter((method) => !allowed.has(method)),
      url,
      config: { access: { permission: 'public' } },
      onRequest: async (request, reply) => {
        reply.header('allow', allow);
        return sendRefusal(request, reply, refusal);
      },
      handler: () => undefined,
    });
  }
}
