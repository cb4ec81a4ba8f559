import { type Outcome } from '@opd/contracts';
import { type FastifyInstance } from 'fastify';
import { prepareRefusal } from './problem';

/**
 * Handlers under `@Route` return an `Outcome`: this sends its value with the status of the route, or
 * its refusal as problem+json. A refusal is an ordinary answer: nothing is thrown for it.
 *
 * A hook and no interceptor of Nest's, which would wrap every answer in observables (a tenth of the
 * CPU time of a request).
 */
export function answerOutcomes(instance: FastifyInstance): void {
  instance.addHook('preSerialization', (request, reply, payload: unknown) => {
    if (request.routeOptions.config.isOutcome !== true) return Promise.resolve(payload);
    const outcome = payload as Outcome<unknown>;
    const body = outcome.ok ? outcome.value : prepareRefusal(request, reply, outcome.refusal);
    return Promise.resolve(body);
  });
}
