import { type FastifyInstance } from 'fastify';
import { HandlerTimeoutError } from './faults';
import { sendError } from './problem';

/** The last bound: what hangs anywhere is answered by then. Bookings give up earlier. */
const HANDLER_TIMEOUT_MS = 2_900;

/**
 * Answers a request whose handler has not done so 2.9 s after its body was read. Fastify's own
 * `handlerTimeout` does this too, and makes and aborts a signal for each request on the way.
 */
export function limitTime(instance: FastifyInstance): void {
  instance.addHook('preHandler', (request, reply, done) => {
    const timer = setTimeout(() => {
      const what = `${request.method} ${request.routeOptions.url}`;
      sendError(request, reply, new HandlerTimeoutError(what, HANDLER_TIMEOUT_MS));
    }, HANDLER_TIMEOUT_MS);
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
