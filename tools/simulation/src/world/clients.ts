import type { Outcome } from '@opd/contracts';
import type { Call, Operation, Reply } from '../history';
import type { Random } from '../random';
import type { Scheduler } from '../scheduler';
import type { Weather } from './faults';
import type { SimulatedProcess } from './process';

/** A client gives up this long after it asked, and knows nothing then. */
const CLIENT_TIMEOUT_MS = 3_000;

/** The engine answers a booking 2.5 s after its arrival at the latest; what is above is slack for one event. */
const ENGINE_BOUND_MS = 2_560;

/** What clients are made of. */
export interface ClientParts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly weather: Weather;
  /** The processes that are up at this moment. */
  processes(): readonly SimulatedProcess[];
  readonly violation: (rule: string, detail: string) => void;
}

/** Everybody who asks: sends calls to the processes, and writes down what was asked and answered. */
export class Clients {
  readonly history: Operation[] = [];
  readonly #parts: ClientParts;
  readonly #open = new Map<Operation, SimulatedProcess>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Asks one process, and again at another one if the answer left something open. */
  ask(call: Call, options: { repeats?: number; isProbe?: boolean } = {}): void {
    const { random, weather } = this.#parts;
    const processes = this.#parts.processes();
    if (processes.length === 0) return;
    this.#send(call, random.pick(processes), options);
    const isTwice = call.kind !== 'BOOK' || call.key !== undefined;
    if (isTwice && weather.strikes('DUPLICATE_DELIVERY'))
      this.#send(call, random.pick(processes), {});
  }

  /** The process died: whoever waited for it knows nothing. */
  connectionsLost(process: SimulatedProcess): void {
    for (const [operation, its] of [...this.#open])
      if (its === process) this.#give(operation, { outcome: 'UNKNOWN', why: 'connection lost' });
  }

  #send(
    call: Call,
    process: SimulatedProcess,
    { repeats = 0, isProbe = false }: { repeats?: number; isProbe?: boolean },
  ): void {
    const { scheduler, random, weather } = this.#parts;
    const operation: Operation = {
      ...{ id: this.history.length + 1, call, process: process.name, isProbe },
      ...{ from: scheduler.ran, fromMs: scheduler.nowMs, to: Infinity, toMs: Infinity },
      ...{ reply: { outcome: 'UNKNOWN', why: 'never answered' }, latestWallMs: process.wallMs },
    };
    this.history.push(operation);
    this.#open.set(operation, process);
    const leaves = weather.strikes('CLIENT_GONE') ? new AbortController() : undefined;
    if (leaves)
      scheduler.after(random.between(0, 40), () => {
        leaves.abort();
        this.#give(operation, { outcome: 'UNKNOWN', why: 'client gone' });
      });
    scheduler.after(CLIENT_TIMEOUT_MS, () => {
      this.#give(operation, { outcome: 'UNKNOWN', why: 'client timed out' });
    });
    this.#watchBound(operation, process);
    const arrival = { arrivedAtMs: scheduler.nowMs, clientGone: leaves?.signal };
    void replyOf(call, process, arrival).then((reply) => {
      if (!this.#give(operation, reply)) return;
      if (isBroken(reply)) this.#parts.violation('BROKEN_ANSWER', `#${operation.id} ${reply.code}`);
      if (repeats > 0 && isWorthRepeating(reply))
        scheduler.after(random.between(5, 400), () =>
          this.ask(askedAgain(call), { repeats: repeats - 1 }),
        );
    });
  }

  #watchBound(operation: Operation, process: SimulatedProcess): void {
    const { scheduler } = this.#parts;
    // A repeat shows the booking as it is now, which takes one more read after its answer.
    const mayBeReplay = operation.call.kind === 'BOOK' && operation.call.key !== undefined;
    if (mayBeReplay) return;
    scheduler.after(ENGINE_BOUND_MS, () => {
      const wasPaused = process.lastPauseEndedMs > operation.fromMs;
      if (this.#open.has(operation) && process.isAlive && !wasPaused)
        this.#parts.violation(
          'LATE_ANSWER',
          `#${operation.id} has none after ${ENGINE_BOUND_MS} ms`,
        );
    });
  }

  /** Notes the answer; false if there was one already. */
  #give(operation: Operation, reply: Reply): boolean {
    const process = this.#open.get(operation);
    if (!process) return false;
    this.#open.delete(operation);
    const { scheduler } = this.#parts;
    operation.reply = reply;
    operation.toMs = scheduler.nowMs;
    operation.latestWallMs = Math.max(operation.latestWallMs, process.wallMs);
    // What is not known may still take effect: it has no end.
    if (reply.outcome !== 'UNKNOWN') operation.to = scheduler.ran;
    return true;
  }
}

/** Without a key a repeat is another wish, and its booking another one. */
function askedAgain(call: Call): Call {
  if (call.kind !== 'BOOK' || call.key !== undefined) return call;
  return { ...call, userId: `${call.userId}'` };
}

function isBroken(reply: Reply): reply is Extract<Reply, { outcome: 'REFUSED' }> {
  return reply.outcome === 'REFUSED' && reply.code.startsWith('BROKEN');
}

function isWorthRepeating(reply: Reply): boolean {
  if (reply.outcome === 'UNKNOWN') return true;
  return reply.outcome === 'REFUSED' && /BUSY|UNAVAILABLE|FULL/.test(reply.code);
}

interface CallArrival {
  readonly arrivedAtMs: number;
  readonly clientGone: AbortSignal | undefined;
}

/** The answer as the door would give it: two kinds of errors are answers, all others are bugs. */
async function replyOf(
  call: Call,
  process: SimulatedProcess,
  arrival: CallArrival,
): Promise<Reply> {
  try {
    return await execute(call, process, arrival);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'OUTCOME_UNKNOWN') return { outcome: 'UNKNOWN', why: 'store' };
    if (code === 'STORE_UNAVAILABLE') return { outcome: 'REFUSED', code, facts: {} };
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { outcome: 'REFUSED', code: `BROKEN ${why}`, facts: {} };
  }
}

const DESK = 'DESK' as const;

async function execute(
  call: Call,
  { booking }: SimulatedProcess,
  arrival: CallArrival,
): Promise<Reply> {
  switch (call.kind) {
    case 'BOOK': {
      const { slotId, type, patientId, userId, key: idempotencyKey } = call;
      const by = { userId, role: DESK };
      const command = { slotId, type, patientId, by, idempotencyKey, arrival };
      return replyTo(await booking.bookSlot.execute(command), (value) => value);
    }
    case 'REINSTATE': {
      const command = { bookingId: call.bookingId, by: { userId: 'desk', role: DESK }, arrival };
      return replyTo(await booking.reinstateBooking.execute(command), (value) => ({
        booking: value,
      }));
    }
    case 'STEP': {
      const { bookingId, to } = call;
      return replyTo(await booking.advanceVisit.execute({ bookingId, to }), (value) => ({
        booking: value,
      }));
    }
    case 'CHANGE': {
      const { slotId, status, capacity, delay } = call;
      const outcome = delay
        ? await booking.changeSlots.delaySlot(slotId, delay)
        : await booking.changeSlots.change(slotId, { status, capacity });
      return replyTo(outcome, (slot) => ({ slot }));
    }
  }
}

type Done = Extract<Reply, { outcome: 'DONE' }>;

function replyTo<T>(outcome: Outcome<T>, shown: (value: T) => Omit<Done, 'outcome'>): Reply {
  if (outcome.ok) return { outcome: 'DONE', ...shown(outcome.value) };
  const { code, extensions = {} } = outcome.refusal;
  if (code === 'OUTCOME_UNKNOWN') return { outcome: 'UNKNOWN', why: 'round' };
  return { outcome: 'REFUSED', code, facts: extensions };
}
