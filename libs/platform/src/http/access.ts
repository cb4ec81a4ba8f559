import { refused, type Identity, type Permission } from '@opd/contracts';
import { type FastifyInstance, type RouteOptions as FastifyRoute } from 'fastify';
import { sendRefusal } from './problem';

/** Who may call a route. */
export interface RouteAccess {
  readonly permission: Permission | 'public';
}

/** Tells who asks and what he may do. Offline: it waits for no store. */
export interface Authenticator {
  /** The identity behind an `Authorization` header; undefined when there is none or it is not good. */
  authenticate(authorization: string | undefined): Promise<Identity | undefined>;
  isAllowed(identity: Identity, permission: Permission): boolean;
}

/** A route was declared without saying who may call it. */
export class RouteWithoutPermissionError extends Error {
  constructor(route: FastifyRoute) {
    super(`${String(route.method)} ${route.url} names no permission: declare it with @Route`);
    this.name = 'RouteWithoutPermissionError';
  }
}

/** Marks a route of the platform itself as open to everybody. */
export const PUBLIC: { access: RouteAccess } = { access: { permission: 'public' } };

// Registered by Swagger and by the file server, which know nothing of our permissions.
const OPEN_PATHS = /^\/(docs(\/.*)?|openapi\.json)$/;

const SIGN_IN_FIRST = refused({
  code: 'UNAUTHENTICATED',
  detail: 'Send a valid token: Authorization: Bearer <token>.',
}).refusal;

/**
 * Everything is closed by default: a route without a permission stops the boot, and a request is
 * judged by its token before a byte of its body is read.
 */
export function guardRoutes(instance: FastifyInstance, authenticator: Authenticator): void {
  instance.addHook('onRoute', (route) => {
    if (OPEN_PATHS.test(route.url)) route.config = { ...route.config, ...PUBLIC };
    if (route.config?.access === undefined) throw new RouteWithoutPermissionError(route);
  });
  instance.addHook('onRequest', async (request, reply) => {
    const permission = request.routeOptions.config.access?.permission;
    if (permission === 'public' || request.is404) return;
    const identity = await authenticator.authenticate(request.headers.authorization);
    if (identity === undefined) {
      reply.header('www-authenticate', 'Bearer');
      return sendRefusal(request, reply, SIGN_IN_FIRST);
    }
    request.identity = identity;
    if (permission === undefined || !authenticator.isAllowed(identity, permission)) {
      const detail = 'Your role does not allow this request.';
      return sendRefusal(request, reply, { code: 'FORBIDDEN', detail });
    }
  });
}
