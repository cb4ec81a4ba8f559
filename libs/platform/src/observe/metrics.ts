import { type FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { PUBLIC } from '../http/access';

/** A registry for the metrics of one API, with those of its process. Others may add their own. */
export function createMetrics(api: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ api });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Serves `GET /metrics` and times every request by method, route pattern and status. */
export function serveMetrics(instance: FastifyInstance, registry: Registry): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  instance.addHook('onResponse', (request, reply, done) => {
    // Only patterns are labels: a path holds ids, and makes as many series as there are callers.
    const route = request.routeOptions.url ?? 'unknown';
    const seconds = (performance.now() - request.arrivedAtMs) / 1_000;
    durations.observe({ method: request.method, route, status: reply.statusCode }, seconds);
    done();
  });
  instance.get('/metrics', { config: PUBLIC }, async (_request, reply) => {
    reply.header('content-type', registry.contentType);
    return registry.metrics();
  });
}
