import { verdictOf, type Call } from './caller';
import { START_CAPACITY } from './plan';
import type { SlotChange, Visit } from './visits';

/**
 * What may have been true of a slot at what time, told from the outside: from when requests were
 * sent and answered, and from nothing that the APIs store. A request may have taken effect at any
 * moment between, so all of this are bounds: a sentence about the slot is wrong only if it was true
 * at no moment that the bounds allow.
 */
export class SlotTimeline {
  readonly #seats: readonly SeatSpan[];
  readonly #changes: readonly SlotChange[];

  constructor(slotId: string, visits: readonly Visit[], changes: readonly SlotChange[]) {
    this.#seats = visits
      .filter((visit) => visit.slotId === slotId && visit.asks.length > 0)
      .flatMap(seatSpanOf);
    this.#changes = changes.filter((change) => change.slotId === slotId);
  }

  /** The most seats that may have been held at one moment of this span. */
  mostSeats(fromMs: number, toMs: number): number {
    const moments = [fromMs, ...this.#seats.map(({ mayHoldFromMs }) => mayHoldFromMs)];
    return Math.max(
      ...moments
        .filter((atMs) => atMs >= fromMs && atMs <= toMs)
        .map((atMs) => this.#seats.filter((seat) => mayHold(seat, atMs)).length),
    );
  }

  /** The fewest seats that were certainly held at one moment of this span, one visit left out. */
  fewestSeats(fromMs: number, toMs: number, except: Visit): number {
    const others = this.#seats.filter(({ visit }) => visit !== except);
    const moments = [fromMs, toMs, ...others.map(({ heldToMs }) => heldToMs)];
    return Math.min(
      ...moments
        .filter((atMs) => atMs >= fromMs && atMs <= toMs)
        .map((atMs) => others.filter((seat) => isHeld(seat, atMs)).length),
    );
  }

  /** Every effective limit that this tier may have had at some moment of this span. */
  possibleLimits(tier: string, span: Span): number[] {
    const capacities = this.#possible('capacity', START_CAPACITY, span);
    const delays = this.#possible('isDelayed', false, span);
    return capacities.flatMap((capacity) => delays.map((late) => limitOf(tier, capacity, late)));
  }

  mayBeClosed(span: Span): boolean {
    return this.#possible<string>('status', 'OPEN', span).includes('CLOSED');
  }

  mayBeOpen(span: Span): boolean {
    return this.#possible<string>('status', 'OPEN', span).includes('OPEN');
  }

  /** The values that a field may have had: of the last change settled before, and of all that may have come since. */
  #possible<T>(field: string, atStart: T, [fromMs, toMs]: Span): T[] {
    const changes = this.#changes
      .filter(({ change, calls }) => field in change && calls.length > 0)
      .map(({ change, calls, verdict }) => ({
        value: (change as Record<string, unknown>)[field] as T,
        sentAtMs: calls[0]?.sentAtMs ?? 0,
        doneAtMs: verdict === 'DONE' ? (calls.at(-1)?.endedAtMs ?? Infinity) : Infinity,
        isRefused: verdict === 'REFUSED' && calls.length === 1,
      }))
      .filter(({ isRefused }) => !isRefused);
    const settled = changes.filter(({ doneAtMs }) => doneAtMs <= fromMs).at(-1);
    const since = changes.filter(
      ({ sentAtMs, doneAtMs }) => sentAtMs <= toMs && (doneAtMs > fromMs || settled === undefined),
    );
    return [settled ? settled.value : atStart, ...since.map(({ value }) => value)];
  }
}

type Span = readonly [fromMs: number, toMs: number];

/** The seat of one visit, in bounds. */
interface SeatSpan {
  readonly visit: Visit;
  readonly mayHoldFromMs: number;
  readonly mayHoldToMs: number;
  /** Certainly held from here ... */
  readonly heldFromMs: number;
  /** ... up to here. */
  readonly heldToMs: number;
}

function seatSpanOf(visit: Visit): SeatSpan[] {
  const { asks, steps } = visit;
  // Refused at the first try: there never was a seat.
  if (visit.verdict !== 'DONE' && asks.every((call) => verdictOf(call) !== 'UNKNOWN')) return [];
  const released = steps.find(({ to }) => to === 'CANCELLED' || to === 'NOSHOW');
  const isTakenBack = steps.some(({ to }) => to === 'BOOKED');
  return [
    {
      visit,
      mayHoldFromMs: startOf(asks),
      mayHoldToMs: released && !isTakenBack ? firstDoneAtMs(released.calls) : Infinity,
      heldFromMs: firstDoneAtMs(asks),
      heldToMs: released ? startOf(released.calls) : Infinity,
    },
  ];
}

function startOf(calls: readonly Call[]): number {
  return calls[0]?.sentAtMs ?? Infinity;
}

function firstDoneAtMs(calls: readonly Call[]): number {
  return Math.min(
    ...calls
      .filter((call) => verdictOf(call) === 'DONE')
      .map(({ endedAtMs = Infinity }) => endedAtMs),
  );
}

function mayHold(seat: SeatSpan, atMs: number): boolean {
  return seat.mayHoldFromMs <= atMs && atMs <= seat.mayHoldToMs;
}

// A release that is under way may have freed the seat: then it is not certain.
function isHeld(seat: SeatSpan, atMs: number): boolean {
  return seat.heldFromMs <= atMs && atMs < seat.heldToMs;
}

type Capacity = { base: number; premiumBuffer: number; emergencyBuffer: number };

function limitOf(tier: string, capacity: Capacity, isDelayed: boolean): number {
  const premium = capacity.base + capacity.premiumBuffer;
  if (tier === 'CRITICAL') return premium + capacity.emergencyBuffer;
  const limit = tier === 'PREMIUM' ? premium : capacity.base;
  return isDelayed ? Math.floor((limit * 80) / 100) : limit;
}

/** The tier of a type, as the hospital's rules say. */
export function tierOf(type: string): string {
  if (type === 'EMERGENCY') return 'CRITICAL';
  return type === 'PAID' || type === 'FOLLOWUP' ? 'PREMIUM' : 'STANDARD';
}
