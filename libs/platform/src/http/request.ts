import { type Identity, type ProblemCode } from '@opd/contracts';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type RouteAccess } from './access';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; undefined on public routes. */
    identity: Identity | undefined;
    /** When the request arrived, on the clock of `performance.now()`. */
    arrivedAtMs: number;
    /** What it was answered with, if not with a success; for the log. */
    problemCode: ProblemCode | undefined;
  }
  interface FastifyContextConfig {
    /** Who may call the route; see `Route`. */
    access?: RouteAccess;
    /** Whether the handler returns an `Outcome`; see `Route`. */
    isOutcome?: boolean;
  }
}

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

/** Parameter decorator: the {@link Identity} of the signed-in person. Not for public routes. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Identity => {
  const { identity } = requestOf(context);
  if (identity === undefined) throw new Error('@Caller() stands on a public route');
  return identity;
});

/** Parameter decorator: when the request arrived, in milliseconds of `performance.now()`. */
export const ArrivedAt = createParamDecorator(
  (_: unknown, context: ExecutionContext): number => requestOf(context).arrivedAtMs,
);

/** Parameter decorator: an `AbortSignal` that fires when the client leaves before its answer. */
export const ClientGone = createParamDecorator(
  (_: unknown, context: ExecutionContext): AbortSignal => {
    const { raw } = context.switchToHttp().getResponse<FastifyReply>();
    const gone = new AbortController();
    const onClose = () => {
      if (!raw.writableFinished) gone.abort();
    };
    if (raw.destroyed || raw.socket?.destroyed) gone.abort();
    else raw.once('close', onClose);
    return gone.signal;
  },
);

/** Sets a header of the answer; what {@link HeaderSetter} gives a handler. */
export type SetHeader = (name: string, value: string) => void;

/** Parameter decorator: a {@link SetHeader} for the answer of this request. */
export const HeaderSetter = createParamDecorator(
  (_: unknown, context: ExecutionContext): SetHeader => {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return (name, value) => void reply.header(name, value);
  },
);
