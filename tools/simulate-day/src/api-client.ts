import { setTimeout as sleep } from 'node:timers/promises';
import { PROBLEMS, type ProblemCode } from '@opd/contracts';

/** One request to an API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  /** Below the API's address, `/v1/...`. */
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly idempotencyKey?: string;
  /** Sent at most so often; 8 times unless told. */
  readonly maxTries?: number;
}

/** What an API said in the end. Without a status it never answered. */
export interface ApiAnswer {
  readonly status: number | undefined;
  /** The code of a problem document, or `NO_ANSWER`. */
  readonly code?: string;
  readonly body: unknown;
  /** How long the last try took, waits before it not counted. */
  readonly answerMs: number;
  readonly tries: number;
}

/** Code of a request that was sent and not answered in time. */
export const NO_ANSWER = 'NO_ANSWER';

/** True where the answer leaves open whether the request was heard: none, or one that asks to come again. */
export function isUnsettled({ status }: ApiAnswer): boolean {
  return status === undefined || status === 429 || status === 503;
}

/** What the answers of all clients together took, beside the answers themselves. */
export interface RetryTally {
  /** How often a request had to be sent again, by the code that asked for it. */
  readonly retriesByCode: Map<string, number>;
  /** Answers that break the contract, one sentence each. */
  readonly brokenAnswers: string[];
}

/** One try may take this long; the APIs promise an answer within 3 s. */
const TRY_TIMEOUT_MS = 5_000;
const MAX_TRIES = 8;
/** An API that asks for a longer pause than this is not waited for. */
const MAX_PAUSE_SECONDS = 120;
/** The pause after a missing answer doubles from try to try: all tries together outlast the restart of an API. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** Those who were told the same pause must not all come back in the same millisecond. */
const JITTER_MS = 100;

/**
 * One of the three APIs over HTTP, on Node's own `fetch` with its kept-alive connections. A 429, a
 * 503 and a missing answer are met by the same request with the same Idempotency-Key, after the
 * pause the API asks for; tries and pauses are bounded. Every other answer is final.
 */
export class ApiClient {
  // A rate limit belongs to a person: all his requests wait together, instead of running against it.
  private readonly pausedUntilMs = new Map<string, number>();
  private lastAnswerAtMs = Number.NEGATIVE_INFINITY;
  private gone = false;

  constructor(
    readonly name: string,
    readonly address: string,
    private readonly tally: RetryTally,
  ) {}

  /** True once a request has used up all its tries while nobody else was answered either. */
  get isGone(): boolean {
    return this.gone;
  }

  /** Sends a request until it is answered for good, or the tries are used up. Never throws for an answer. */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    const startedAtMs = performance.now();
    for (let tries = 1; ; tries++) {
      await this.pause(request);
      const { pauseMs, ...answer } = await this.tryOnce(request, tries);
      if (answer.status !== undefined) this.lastAnswerAtMs = performance.now();
      if (pauseMs === undefined) return { ...answer, tries };
      if (tries >= (request.maxTries ?? MAX_TRIES)) {
        this.gone ||= this.lastAnswerAtMs < startedAtMs;
        return { ...answer, tries };
      }
      this.count(answer.code ?? String(answer.status));
      if (answer.code === 'RATE_LIMITED' && request.token)
        this.pausedUntilMs.set(request.token, Date.now() + pauseMs);
      else await sleep(pauseMs + Math.random() * JITTER_MS);
    }
  }

  private async pause({ token }: ApiRequest): Promise<void> {
    const untilMs = (token && this.pausedUntilMs.get(token)) || 0;
    const leftMs = untilMs - Date.now();
    if (leftMs > 0) await sleep(leftMs + Math.random() * JITTER_MS);
  }

  private async tryOnce(request: ApiRequest, tries: number): Promise<Try> {
    const sentAtMs = performance.now();
    try {
      const response = await fetch(this.address + request.path, {
        method: request.method,
        headers: headersOf(request),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
      });
      const body = readJson(await response.text());
      const answerMs = performance.now() - sentAtMs;
      return { status: response.status, body, answerMs, ...this.judge(request, response, body) };
    } catch {
      // Refused, reset or timed out: whether it took effect is not known, so it is asked again.
      const answerMs = performance.now() - sentAtMs;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
      return { status: undefined, body: undefined, answerMs, code: NO_ANSWER, pauseMs };
    }
  }

  private judge(
    { method, path }: ApiRequest,
    { status, headers }: Response,
    body: unknown,
  ): { code?: string; pauseMs?: number } {
    if (status < 400) return {};
    const code = codeOf(body);
    const isToBeRepeated = status === 429 || status === 503;
    const pauseSeconds = isToBeRepeated ? Number(headers.get('retry-after') || Number.NaN) : 0;
    const where = `${this.name}: ${method} ${withoutIds(path)} answered ${status}`;
    this.tally.brokenAnswers.push(
      ...faultsOf(status, code, pauseSeconds).map((fault) => `${where} ${fault}`),
    );
    return {
      ...(code !== undefined && { code }),
      ...(isToBeRepeated &&
        !(pauseSeconds > MAX_PAUSE_SECONDS) && { pauseMs: (pauseSeconds || 1) * 1_000 }),
    };
  }

  private count(code: string): void {
    const { retriesByCode } = this.tally;
    retriesByCode.set(code, (retriesByCode.get(code) ?? 0) + 1);
  }
}

type Try = Omit<ApiAnswer, 'tries'> & { readonly pauseMs?: number };

function headersOf({ body, token, idempotencyKey }: ApiRequest): Record<string, string> {
  return {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(body: unknown): string | undefined {
  const code = (body as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What speaks against the contract in an answer that is no success. */
function faultsOf(status: number, code: string | undefined, pauseSeconds: number): string[] {
  const faults: string[] = [];
  if (PROBLEMS[code as ProblemCode]?.status !== status)
    faults.push(`${code ?? 'without a code'}, which the contract does not know`);
  else if (status >= 500 && status !== 503) faults.push(String(code));
  if (!Number.isInteger(pauseSeconds) || pauseSeconds < 0) faults.push('without Retry-After');
  return faults;
}

/** Ids say nothing in a message about a kind of request, and phone numbers must not stand in one. */
function withoutIds(path: string): string {
  return path.split('?')[0]?.replace(/(bookings|slots|doctors)\/[^/]+/g, '$1/...') ?? path;
}
