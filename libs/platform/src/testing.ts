import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok, refused, StoreUnavailableError, type Identity, type Outcome } from '@opd/contracts';
import {
  Body,
  Controller,
  Get,
  Headers as HeaderValue,
  Module,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { createApi, type ApiParts } from './api';
import { type Authenticator } from './http/access';
import { ArrivedAt, Caller, ClientGone, HeaderSetter, type SetHeader } from './http/request';
import { Route } from './http/route';
import { readSettings, type Settings } from './settings';

/** What the specs of this lib need: a small API with one route for each thing to be tested. */
export const TEST_ENV = {
  MONGODB_URI: 'mongodb://127.0.0.1:1/test',
  REDIS_URLS: 'redis://127.0.0.1:1',
  TOKEN_SIGNING_KEY: 'k'.repeat(32),
} as const;

export const testSettings: Settings = readSettings(TEST_ENV);

const Greeting = z
  .strictObject({
    text: z.string().min(1).max(40),
    nested: z.strictObject({ at: z.int() }).optional(),
  })
  .meta({ id: 'Greeting' });
const Answer = z
  .object({
    text: z.string(),
    at: z.iso.datetime(),
    note: z.string().optional(),
    counts: z.record(z.enum(['A', 'B']), z.int()),
  })
  .meta({ id: 'Answer' });
const Empty = z.strictObject({}).meta({ id: 'Empty' });
const Done = z.object({ done: z.boolean() }).meta({ id: 'Done' });
const Key = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be visible ASCII')
    .optional(),
});

class ListQuery {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: 200, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;
}

/** What a handler of the test API did, for the specs to look at. */
export const seen = { greetings: 0, gone: 0, arrivedAtMs: 0, lateAnswers: 0 };

@Controller('v1')
class TestController {
  @Get('open')
  @Route({
    permission: 'public',
    summary: 'Open',
    query: ListQuery,
    reply: z.object({ limit: z.int() }),
  })
  open(@Query() query: ListQuery): Outcome<unknown> {
    return ok({ limit: query.limit });
  }

  @Post('greetings')
  @Route({
    permission: 'slots:manage',
    summary: 'Greets',
    body: Greeting,
    headers: Key,
    status: 201,
    reply: Answer,
    refusals: ['SLOT_FULL'],
  })
  greet(
    @Body() body: z.infer<typeof Greeting>,
    @HeaderValue('idempotency-key') key: string | undefined,
    @Caller() caller: Identity,
    @HeaderSetter() setHeader: SetHeader,
    @ArrivedAt() arrivedAtMs: number,
  ): Promise<Outcome<unknown>> {
    seen.greetings += 1;
    seen.arrivedAtMs = arrivedAtMs;
    if (key) setHeader('idempotency-replayed', 'true');
    return Promise.resolve(
      ok({
        text: `${caller.userId}: ${body.text}`,
        at: new Date(0),
        counts: { A: 1, B: 2 },
        secret: 'never sent',
      }),
    );
  }

  @Post('steps/:id/step')
  @Route({ permission: 'bookings:serve', summary: 'Steps', body: Empty, reply: Done })
  step(@Param('id') id: string): Outcome<{ done: boolean; id: string }> {
    return ok({ done: true, id });
  }

  @Get('refusals/:code')
  @Route({ permission: 'public', summary: 'Refuses', reply: Done, refusals: ['SLOT_FULL'] })
  refuse(): Outcome<never> {
    const extensions = { tier: 'STANDARD', limit: 10, status: 200, code: 'HACKED' };
    return refused({ code: 'SLOT_FULL', detail: 'The slot is full.', extensions });
  }

  @Get('busy')
  @Route({ permission: 'public', summary: 'Refuses for a while', reply: Done })
  busy(): Outcome<never> {
    return refused({ code: 'SLOT_BUSY', detail: 'Busy.', retryAfterSeconds: 1.2 });
  }

  @Get('faults/:kind')
  @Route({ permission: 'public', summary: 'Breaks', reply: Done })
  break(@Param('kind') kind: string): Outcome<unknown> {
    if (kind === 'store') throw new StoreUnavailableError('no primary');
    if (kind === 'reply') return ok({ undone: true });
    throw new Error('E11000 dup key: { phone: "+919876543210" } of Asha Rao 919876543210');
  }

  @Get('slow')
  @Route({ permission: 'public', summary: 'Takes its time', reply: Done })
  async slow(@ClientGone() gone: AbortSignal): Promise<Outcome<unknown>> {
    gone.addEventListener('abort', () => (seen.gone += 1));
    await sleep(700);
    seen.lateAnswers += 1;
    return ok({ done: true });
  }

  @Post('hanging')
  @Route({ permission: 'public', summary: 'Never answers', body: Empty, reply: Done })
  hang(): Promise<Outcome<unknown>> {
    return sleep(3_500).then(() => ok({ done: true }));
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

/** Tokens are the role's name: who sends `Bearer DESK` is the desk, who sends `Bearer BOT` nobody. */
const authenticator: Authenticator = {
  authenticate: (authorization) => {
    const [role, name] = authorization?.replace('Bearer ', '').split('/') ?? [];
    const isKnown = role === 'PATIENT' || role === 'DESK' || role === 'ADMIN';
    return Promise.resolve(
      isKnown ? { role, userId: name ?? `a-${role.toLowerCase()}` } : undefined,
    );
  },
  isAllowed: ({ role }, permission) =>
    role === 'ADMIN' || (role === 'DESK' && permission === 'bookings:serve'),
};

/** A running test API. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Every line it logged so far. */
  readonly lines: Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

/** The parts of the test API, with Redis at an address where there is none. */
function testParts(settings: Settings): ApiParts {
  const redis = connectRedis();
  const onStopped = () => Promise.resolve(redis.disconnect());
  return {
    name: 'test-api',
    module: TestModule,
    authenticator,
    redis,
    checks: {},
    settings,
    onStopped,
  };
}

/** Builds the test API as an app builds its own, for a process of its own. */
export function createTestApi(settings: Settings): Promise<NestFastifyApplication> {
  return createApi(testParts(settings));
}

/** Starts the test API on a free port, with these settings and parts instead of the usual ones. */
export async function startTestApi(
  settings: Partial<Settings> = {},
  parts: Partial<ApiParts> = {},
): Promise<TestApi> {
  const lines: Record<string, unknown>[] = [];
  const unlimited = { staffLimitPerMinute: 0, patientLimitPerMinute: 0 };
  const usual = testParts({ ...testSettings, ...unlimited, ...settings });
  if (parts.redis) usual.redis.disconnect();
  const all = { ...usual, logDestination: collect(lines), ...parts };
  const app = await createOrRelease(all);
  await app.listen(0, '127.0.0.1');
  const close = async () => {
    await app.close();
    all.redis.disconnect();
  };
  return { app, url: await app.getUrl(), lines, close };
}

function collect(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
}

// A boot that fails must not leave a client behind that keeps the test run alive.
async function createOrRelease(parts: ApiParts): Promise<NestFastifyApplication> {
  try {
    return await createApi(parts);
  } catch (error) {
    parts.redis.disconnect();
    throw error;
  }
}

/** What a request was answered with; `body` is the parsed JSON, or the text where it is none. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** A request to the test API: `as` is the role whose token is sent, `body` is sent as JSON. */
export interface TestRequest {
  readonly as?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** Sends `POST /path` or the like and reads the whole answer. */
export async function call(api: TestApi, line: string, request: TestRequest = {}): Promise<Reply> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const text =
    request.text ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const response = await fetch(`${api.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(request.as && { authorization: `Bearer ${request.as}` }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(text !== undefined && { body: text }),
  });
  const answer = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const body: unknown = isJson && answer !== '' ? JSON.parse(answer) : answer;
  return { status: response.status, headers: response.headers, body };
}

/** A client as the apps make it: short waits, no queue while Redis is away. */
export function connectRedis(
  url = process.env['OPD_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:1',
): Redis {
  const redis = new Redis(url, {
    commandTimeout: 200,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectTimeout: 500,
    retryStrategy: () => 50,
  });
  redis.on('error', () => undefined);
  return redis;
}
