import { type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import { type Redis } from 'ioredis';
import { type DestinationStream } from 'pino';
import { type Registry } from 'prom-client';
import { guardRoutes, PUBLIC, type Authenticator } from './http/access';
import { createAdapter, refuseOtherMethods } from './http/adapter';
import { openApiDocument, serveDocs } from './http/openapi';
import { answerOutcomes } from './http/outcome';
import { ProblemFilter } from './http/problem.filter';
import { limitRates } from './http/rate-limit';
import { limitTime } from './http/time-limit';
import { serveHealth, type ReadinessCheck } from './observe/health';
import { createLogger, logRequests, NestLog } from './observe/logger';
import { createMetrics, serveMetrics } from './observe/metrics';
import { type Settings } from './settings';
import { stopGracefully } from './stop';

/** What an API brings: its subject and its wiring. */
export interface ApiParts {
  /** As in `patient-api`; names its log lines and metrics. */
  readonly name: string;
  readonly settings: Settings;
  /** Its controllers (`@Route`) and what they need. */
  readonly module: Type | DynamicModule;
  readonly authenticator: Authenticator;
  /** Where rate limits are counted; the app closes it. */
  readonly redis: Redis;
  /** What must work before the API is ready, by the name it has in `/health/ready`. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** Made by `createMetrics`, when other parts count into it; else one is made. */
  readonly metrics?: Registry;
  /** Runs after the last request was answered; for what the app opened itself. */
  readonly onStopped?: () => Promise<unknown>;
  /** Where log lines go; standard output unless told. */
  readonly logDestination?: DestinationStream;
}

/**
 * Builds an API that is ready to listen. Checks run in this order, and the first that fails answers:
 * path 404, method 405, token 401, role 403, body 413, 415 or 400, path and query 400, rate 429.
 * @throws RouteWithoutPermissionError when a route was declared without `@Route`.
 */
export async function createApi(parts: ApiParts): Promise<NestFastifyApplication> {
  const { settings } = parts;
  const logger = createLogger(parts.name, settings.logLevel, parts.logDestination);
  const adapter = await createAdapter(logger);
  const instance = adapter.getInstance<FastifyInstance>();
  const routes = collectRoutes(instance);
  guardRoutes(instance, parts.authenticator);
  limitTime(instance);
  limitRates(instance, settings, parts.redis);
  answerOutcomes(instance);
  logRequests(instance);
  stopGracefully(instance);

  const app = await NestFactory.create<NestFastifyApplication>(parts.module, adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: new NestLog(logger),
  });
  app.useGlobalFilters(new ProblemFilter());
  serveMetrics(instance, parts.metrics ?? createMetrics(parts.name));
  serveHealth(instance, parts.checks);
  serveDocs(app, openApiDocument(app, parts.name));
  if (parts.onStopped) instance.addHook('onClose', parts.onStopped);
  await app.init();
  if (!routes.has('/')) {
    instance.get('/', { config: PUBLIC }, (_request, reply) => reply.redirect('/docs'));
  }
  refuseOtherMethods(instance, routes);
  return app;
}

/** The methods of every path, filled while routes are declared. */
function collectRoutes(instance: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const routes = new Map<string, Set<string>>();
  instance.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set<string>();
    for (const each of [method].flat()) methods.add(each);
    routes.set(url, methods);
  });
  return routes;
}
