import { ClinicCalendar } from '../clinic-calendar';
import type { SeatAnswer, SeatWish } from '../rounds/seat-request';
import { SeatRounds } from '../rounds/seat-rounds';
import type { LaneBounds } from '../rounds/lanes';
import type { SlotDocument } from '../store/slot-document';
import { HandClock } from './hand-clock';
import { seatWish, slotDocument, TEN } from './records';
import { NotingObserver, ScriptedLocks, ScriptedStore } from './scripted-ports';

/** What one request was told; `answer` is undefined while it waits. */
export interface Asked {
  readonly wish: SeatWish;
  answer: SeatAnswer | undefined;
  /** When it was told, on the hand-driven clock. */
  answeredAtMs: number | undefined;
}

/** Rounds on a hand-driven clock, with locks and a store that follow a script. */
export class ScriptedRounds {
  readonly clock = new HandClock();
  readonly locks = new ScriptedLocks(this.clock);
  readonly observer = new NotingObserver();
  readonly store: ScriptedStore;
  readonly rounds: SeatRounds;

  /** By default an empty slot at nine and one at ten. */
  constructor(
    slots: readonly SlotDocument[] = [slotDocument(), slotDocument({ start: '10:00' })],
    options: { lockWaitMs?: number; bounds?: LaneBounds } = {},
  ) {
    this.store = new ScriptedStore(slots);
    const parts = {
      locks: this.locks,
      store: this.store,
      clock: this.clock,
      calendar: new ClinicCalendar('Asia/Kolkata'),
      bounds: { activeBookingsPerPatient: 5, bookingsOfPatientInSlot: 3, bookingsInSlot: 200 },
      observer: this.observer,
      random: () => 0.5,
      lockWaitMs: options.lockWaitMs ?? 250,
    };
    this.rounds = options.bounds ? new SeatRounds(parts, options.bounds) : new SeatRounds(parts);
  }

  /** Asks now, and notes the answer when it comes. */
  ask(changes: Partial<SeatWish> = {}, clientGone?: AbortSignal): Asked {
    const asked: Asked = { wish: seatWish(changes), answer: undefined, answeredAtMs: undefined };
    const arrival = { arrivedAtMs: this.clock.monotonicMs(), clientGone };
    void this.rounds.ask(asked.wish, arrival).then((answer) => {
      asked.answer = answer;
      asked.answeredAtMs = this.clock.monotonicMs();
    });
    return asked;
  }

  /** The same for the slot at ten. */
  askAtTen(changes: Partial<SeatWish> = {}): Asked {
    return this.ask({ slotId: TEN, ...changes });
  }
}

/** An answer in one word: the token of who is admitted, else the code; undefined while he waits. */
export function word({ answer }: Asked): number | string | undefined {
  switch (answer?.outcome) {
    case undefined:
      return undefined;
    case 'ADMITTED':
      return answer.booking.tokenNumber;
    case 'REFUSED':
      return answer.refusal.code;
    case 'UNAVAILABLE':
      return answer.code;
    case 'REPLAYED':
    case 'UNKNOWN':
    case 'BROKEN':
      return answer.outcome;
  }
}
