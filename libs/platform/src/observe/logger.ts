import { type LoggerService } from '@nestjs/common';
import { type FastifyInstance } from 'fastify';
import { pino, stdSerializers, type DestinationStream, type LogFn, type Logger } from 'pino';
import { type LogLevel } from '../settings';

/**
 * The log of one API: JSON lines. Personal data has no place in it: requests are logged by their
 * route's pattern, people by their id, errors without the values that stores like to quote.
 */
export function createLogger(
  api: string,
  level: LogLevel,
  destination: DestinationStream = pino.destination(1),
): Logger {
  const serializers = { err: withoutValues };
  const hooks = { logMethod: giveMessage };
  return pino({ level, base: { api, pid: process.pid }, serializers, hooks }, destination);
}

// Where none is given, pino takes the error's own message, past the serialiser.
function giveMessage(this: Logger, args: unknown[], write: LogFn): void {
  const [first, message] = args;
  const err = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err;
  if (err instanceof Error && message === undefined) args[1] = withoutPersonal(err.message);
  write.apply(this, args as Parameters<LogFn>);
}

function withoutValues(error: Error): Record<string, unknown> {
  const { type, message, stack, code } = stdSerializers.err(error) as Record<string, unknown>;
  return { type, code, message: withoutPersonal(message), stack: withoutPersonal(stack) };
}

/** Takes out what errors like to quote: the key of a duplicate, the query of a URL, phone numbers. */
function withoutPersonal(text: unknown): string {
  return String(text)
    .replace(/(\/[^\s?"]*)\?[^\s"]*/g, '$1?...')
    .replace(/dup key: \{.*?\}/gs, 'dup key: {...}')
    .replace(/\+?\d{10,}/g, '[digits]');
}

/** One line for each answered request; probes and scrapes only at level debug. */
export function logRequests(instance: FastifyInstance): void {
  instance.addHook('onResponse', (request, reply, done) => {
    const { url: route } = request.routeOptions;
    const line = {
      method: request.method,
      route: route ?? 'unknown',
      status: reply.statusCode,
      ms: Math.round((performance.now() - request.arrivedAtMs) * 10) / 10,
      code: request.problemCode,
      role: request.identity?.role,
      userId: request.identity?.userId,
    };
    if (route === undefined || route.startsWith('/v1/')) request.log.info(line, 'answered');
    else request.log.debug(line, 'answered');
    done();
  });
}

/** Nest's own lines, in the same log. What it calls `log` tells how it wires itself: debug. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  // Nest's Logger hands over the message, what belongs to it, and the name of its context.
  private write(level: 'fatal' | 'error' | 'warn' | 'debug', message: unknown, rest: unknown[]) {
    const context = rest.at(-1);
    const err = [message, ...rest].find((part) => part instanceof Error);
    const [stack] = rest.slice(0, -1).filter((part) => typeof part === 'string');
    const details = {
      ...(err && { err }),
      ...(stack !== undefined && { stack: withoutPersonal(stack) }),
    };
    const text = message instanceof Error ? message.message : message;
    this.logger[level]({ context, ...details }, withoutPersonal(text));
  }
}
