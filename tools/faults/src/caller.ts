import type { ApiInstance, ApiRows, Audience } from './api-rows';

/** What a request asks for, as far as the judgement needs to know. */
export interface Purpose {
  readonly what: 'BOOK' | 'STEP' | 'CHANGE' | 'READ';
  readonly slotId: string;
  readonly patientId?: string;
}

/** One request as it was sent once, and what came of it. Times are on the monotonic clock of this process. */
export interface Call extends Purpose {
  readonly audience: Audience;
  readonly instance: ApiInstance;
  readonly sentAtMs: number;
  endedAtMs?: number;
  status?: number;
  /** The code of a problem; without a status `CUT`, `BROKEN` or `NOT_CONNECTED`. */
  code?: string;
  body?: unknown;
}

/** What a client knows after a call. */
export type Verdict =
  /** It took effect, or had before. */
  | 'DONE'
  /** It did not and will not take effect, for a reason that stays. */
  | 'REFUSED'
  /** It did not take effect; later it may. */
  | 'NOT_NOW'
  /** It may have taken effect. */
  | 'UNKNOWN';

/** The APIs promise an answer by then. */
export const ANSWER_WITHIN_MS = 3_000;

/** What a crowded machine may add between the API's timer and ours; answers that use it are counted. */
export const SCHEDULING_ALLOWANCE_MS = 250;

/** After this long a client gives up on an answer. */
export const CUT_AFTER_MS = ANSWER_WITHIN_MS + SCHEDULING_ALLOWANCE_MS;

const NOT_NOW = ['SLOT_BUSY', 'LOCK_UNAVAILABLE', 'STORE_UNAVAILABLE', 'NOT_CONNECTED'];

/** What the client may conclude from an ended call. */
export function verdictOf({ status, code = '' }: Call): Verdict {
  if (status !== undefined && status < 300) return 'DONE';
  if (NOT_NOW.includes(code)) return 'NOT_NOW';
  if (status === undefined || status >= 500) return 'UNKNOWN';
  return 'REFUSED';
}

/** What is sent. */
export interface Sending {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  readonly token: string;
  readonly idempotencyKey?: string | undefined;
  readonly purpose: Purpose;
  /** Instead of the next one in turn. */
  readonly row?: number;
}

/** All clients of one round: sends each request once, to the instances in turn, and remembers it. */
export class Caller {
  readonly calls: Call[] = [];
  readonly #turns = new Map<Audience, number>();

  constructor(private readonly apis: ApiRows) {}

  /** Sends once and resolves with what came of it, at the cut at the latest. Never rejects. */
  async send(audience: Audience, sending: Sending): Promise<Call> {
    const instance = this.#instanceFor(audience, sending.row);
    const call: Call = { ...sending.purpose, audience, instance, sentAtMs: performance.now() };
    this.calls.push(call);
    try {
      const response = await fetch(instance.url + sending.path, {
        method: sending.method,
        headers: headersOf(sending),
        body: sending.body === undefined ? null : JSON.stringify(sending.body),
        signal: AbortSignal.timeout(CUT_AFTER_MS),
      });
      call.body = readJson(await response.text());
      call.status = response.status;
      const code = (call.body as { code?: unknown } | undefined)?.code;
      if (!response.ok) call.code = typeof code === 'string' ? code : `HTTP_${response.status}`;
    } catch (error) {
      call.code = reasonOf(error);
    }
    call.endedAtMs = performance.now();
    return call;
  }

  /** Writes that are on their way at this moment. */
  writesInFlight(isAffected: (call: Call) => boolean = () => true): Call[] {
    return this.calls.filter(
      (call) => call.endedAtMs === undefined && call.what !== 'READ' && isAffected(call),
    );
  }

  #instanceFor(audience: Audience, row: number | undefined): ApiInstance {
    const instances = this.apis.of(audience);
    const turn = this.#turns.get(audience) ?? 0;
    this.#turns.set(audience, turn + 1);
    const instance = instances[row ?? turn % instances.length];
    if (!instance) throw new Error(`No instance ${row} of ${audience}-api`);
    return instance;
  }
}

function headersOf({ body, token, idempotencyKey }: Sending): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
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

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return 'CUT';
  return cause?.code === 'ECONNREFUSED' ? 'NOT_CONNECTED' : 'BROKEN';
}
