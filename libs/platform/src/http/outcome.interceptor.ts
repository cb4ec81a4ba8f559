import { type Outcome } from '@opd/contracts';
import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { prepareRefusal } from './problem';

/**
 * Handlers return an `Outcome`: this sends its value with the status of the route, or its refusal as
 * problem+json. A refusal is an ordinary answer: nothing is thrown for it.
 */
export class OutcomeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<Outcome<unknown>>): Observable<unknown> {
    return next.handle().pipe(map((outcome) => this.answer(context, outcome)));
  }

  private answer(context: ExecutionContext, outcome: Outcome<unknown>): unknown {
    if (outcome.ok) return outcome.value;
    const http = context.switchToHttp();
    return prepareRefusal(
      http.getRequest<FastifyRequest>(),
      http.getResponse<FastifyReply>(),
      outcome.refusal,
    );
  }
}
