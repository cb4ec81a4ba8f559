import { PROBLEMS, type Permission, type ProblemCode } from '@opd/contracts';
import { applyDecorators, HttpCode } from '@nestjs/common';
import { RouteConfig, RouteSchema } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { queryCheck, zodCheck, type QueryClass } from './check';
import { PROBLEM_MEDIA_TYPE } from './problem';
import { schemaRef } from './openapi-schemas';

/** Everything that is to be said about a route, in one place. */
export interface RouteDeclaration {
  /** Who may call it; `public` needs no token, and none is looked at. */
  readonly permission: Permission | 'public';
  /** What it does, in one line, for the OpenAPI document. */
  readonly summary: string;
  /** The body. Strict, and named with `.meta({ id })`. Where `{}` fits, no body fits as well. */
  readonly body?: z.ZodType;
  /** A class with class-validator's decorators (and `@ApiPropertyOptional` for the document). */
  readonly query?: QueryClass;
  /** The parameters in the path, where their form matters; one that names nothing is a 404. */
  readonly params?: z.ZodType;
  /** Headers that are checked, by their names in lower case. */
  readonly headers?: z.ZodObject;
  /** Of the success; 200 unless told. */
  readonly status?: 200 | 201 | 202;
  /** The body of the success. Only what it declares is sent. */
  readonly reply: z.ZodType;
  /** The codes it may refuse with, beside those that every route has. */
  readonly refusals?: readonly ProblemCode[];
}

/**
 * Declares a route beside Nest's `@Get()`, `@Post()` ...: who may call it, what it takes, what it
 * answers. The checks run in Fastify's lifecycle, before Nest's handler: token, role, body, rate.
 * A route without this declaration stops the boot.
 */
export function Route(route: RouteDeclaration): MethodDecorator {
  const status = route.status ?? 200;
  return applyDecorators(
    HttpCode(status),
    RouteConfig({ access: { permission: route.permission }, isOutcome: true }),
    RouteSchema({
      ...(route.body && { body: zodCheck('body', route.body) }),
      ...(route.query && { querystring: queryCheck(route.query) }),
      ...(route.params && { params: zodCheck('path', route.params) }),
      ...(route.headers && { headers: zodCheck('headers', route.headers) }),
      response: { [status]: replySchema(route.reply) },
    }),
    ...documentation(route, status),
  );
}

/** What fast-json-stringify compiles: everything in its place, no names. */
function replySchema(reply: z.ZodType): object {
  return z.toJSONSchema(reply, { target: 'draft-7', metadata: z.registry<never>() });
}

function documentation(route: RouteDeclaration, status: number): MethodDecorator[] {
  const description =
    route.permission === 'public' ? 'Open to everybody.' : `Needs \`${route.permission}\`.`;
  return [
    ApiOperation({ summary: route.summary, description }),
    ...(route.permission === 'public' ? [] : [ApiBearerAuth()]),
    ...(route.body ? [bodyDocumentation(route.body)] : []),
    ...Object.keys(route.headers?.shape ?? {}).map((name) => ApiHeader({ name, required: false })),
    ApiResponse({
      status,
      description: 'Success',
      content: { 'application/json': { schema: schemaRef(route.reply, 'output') } },
    }),
    ...problemResponses(route),
  ];
}

function bodyDocumentation(body: z.ZodType): MethodDecorator {
  const required = !body.safeParse({}).success;
  return ApiBody({ schema: schemaRef(body, 'input'), required });
}

function codesOf(route: RouteDeclaration): ProblemCode[] {
  const codes: ProblemCode[] = [
    ...(route.permission === 'public' ? [] : (['UNAUTHENTICATED', 'FORBIDDEN'] as const)),
    ...(route.body ? (['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(route.body || route.query || route.params ? (['VALIDATION_FAILED'] as const) : []),
    'RATE_LIMITED',
    'STORE_UNAVAILABLE',
    'INTERNAL',
    ...(route.refusals ?? []),
  ];
  return [...new Set(codes)];
}

function problemResponses(route: RouteDeclaration): MethodDecorator[] {
  const codes = codesOf(route);
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  return [...statuses].map((status) =>
    problemResponse(
      status,
      codes.filter((code) => PROBLEMS[code].status === status),
    ),
  );
}

function problemResponse(status: number, codes: readonly ProblemCode[]): MethodDecorator {
  return ApiResponse({
    status,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  });
}
