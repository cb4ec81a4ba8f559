import { createHash } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { type Settings } from '../settings';
import { sendRefusal } from './problem';

const WINDOW_SECONDS = 60;
/** How long one answer of Redis is waited for. */
const REDIS_TIMEOUT_MS = 250;
/** How long Redis is left alone after it failed: a frozen one would cost every request the wait. */
const REDIS_REST_MS = 1_000;

/** How full a window is after a request. */
export interface WindowState {
  readonly isExceeded: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Shared by the limits of one process: whether Redis is worth asking. */
export class RedisRest {
  private until = 0;

  isOver(): boolean {
    return performance.now() >= this.until;
  }

  begin(): void {
    this.until = performance.now() + REDIS_REST_MS;
  }
}

/**
 * At most so many requests in a minute for one key, counted in Redis for all processes together.
 * While Redis is away each process counts for itself: a limit that is less exact, never an error.
 */
export class RequestLimit {
  private readonly shared: RateLimiterRedis;
  private readonly local: RateLimiterMemory;

  constructor(
    readonly name: string,
    readonly perMinute: number,
    private readonly redis: { client: Redis; rest: RedisRest },
  ) {
    const window = { points: perMinute, duration: WINDOW_SECONDS, keyPrefix: `opd:rate:${name}` };
    this.shared = new RateLimiterRedis({ ...window, storeClient: redis.client });
    this.local = new RateLimiterMemory(window);
  }

  /** Counts one request of `key` (hashed: stores learn no ids or addresses). Never throws. */
  async count(key: string): Promise<WindowState> {
    const hash = createHash('sha256').update(key).digest('base64url').slice(0, 22);
    const { rest } = this.redis;
    if (!rest.isOver()) return this.consume(this.local, hash);
    try {
      return await inTime(this.consume(this.shared, hash));
    } catch {
      rest.begin();
      return this.consume(this.local, hash);
    }
  }

  private async consume(
    limiter: RateLimiterRedis | RateLimiterMemory,
    hash: string,
  ): Promise<WindowState> {
    try {
      return stateOf(await limiter.consume(hash), false);
    } catch (rejection) {
      // The library rejects with its result when the window is used up, with an error otherwise.
      if (rejection instanceof RateLimiterRes) return stateOf(rejection, true);
      throw rejection;
    }
  }
}

function stateOf(result: RateLimiterRes, isExceeded: boolean): WindowState {
  const resetSeconds = Math.max(1, Math.ceil(result.msBeforeNext / 1_000));
  return { isExceeded, remaining: result.remainingPoints, resetSeconds };
}

/** Gives up on Redis by itself, whatever time-out the client was made with. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis took too long')), REDIS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Counts the requests under `/v1` that passed token, role and body: one count for the person, one for
 * his address. Anonymous requests have an address only.
 */
export function limitRates(instance: FastifyInstance, settings: Settings, client: Redis): void {
  const redis = { client, rest: new RedisRest() };
  const limit = (name: string, perMinute: number) =>
    perMinute === 0 ? undefined : new RequestLimit(name, perMinute, redis);
  const ofPatient = limit('patient', settings.patientLimitPerMinute);
  const ofStaff = limit('staff', settings.staffLimitPerMinute);
  const ofAddress = limit('address', settings.addressLimitPerMinute);

  instance.addHook('preHandler', async (request, reply) => {
    if (!request.routeOptions.url?.startsWith('/v1/')) return;
    const { identity } = request;
    const ofPerson = identity?.role === 'PATIENT' ? ofPatient : ofStaff;
    const isPersonOver = identity && (await isOver(ofPerson, identity.userId, reply));
    const isAddressOver = !isPersonOver && (await isOver(ofAddress, request.ip, reply));
    if (isPersonOver || isAddressOver) return refuse(request, reply);
  });
}

async function isOver(
  limit: RequestLimit | undefined,
  key: string,
  reply: FastifyReply,
): Promise<boolean> {
  if (limit === undefined) return false;
  const { isExceeded, remaining, resetSeconds } = await limit.count(key);
  // The fields of the IETF's RateLimit draft: lists with one member for each limit.
  append(reply, 'ratelimit-policy', `"${limit.name}";q=${limit.perMinute};w=${WINDOW_SECONDS}`);
  append(reply, 'ratelimit', `"${limit.name}";r=${remaining};t=${resetSeconds}`);
  if (isExceeded) reply.header('retry-after', resetSeconds);
  return isExceeded;
}

function append(reply: FastifyReply, name: string, member: string): void {
  const before = reply.getHeader(name);
  reply.header(name, before === undefined ? member : `${String(before)}, ${member}`);
}

function refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const retryAfterSeconds = Number(reply.getHeader('retry-after'));
  const detail = `Too many requests. Try again in ${retryAfterSeconds} s.`;
  return sendRefusal(request, reply, { code: 'RATE_LIMITED', detail, retryAfterSeconds });
}
