import { randomUUID } from 'node:crypto';
import { Booking } from '@opd/contracts';
import { type ApiReply, type ApiClient, type SignedInPatient } from '@opd/testing';

const PATIENT_TYPES = ['ONLINE', 'PAID', 'FOLLOWUP'];
const DESK_TYPES = [...PATIENT_TYPES, 'WALKIN', 'EMERGENCY'];

/** Seats given back in one slot: it remembers 200 bookings, and must have room for the end. */
const MOST_RELEASES = 110;

/** What all clients together know and did. */
export class HammerLedger {
  readonly replies: ApiReply[] = [];
  /** Sentences that say what was wrong in an answer. */
  readonly faults: string[] = [];
  /** The token number of each booking that was promised. */
  readonly tokens = new Map<string, number>();
  /** Bookings that may be given back, by nobody else than who takes them out of here. */
  readonly held: Booking[] = [];
  /** Bookings that were missed, and may come back. */
  readonly missed: Booking[] = [];
  /** The status each booking was last said to have, where a step was taken. */
  readonly statuses = new Map<string, string>();
  readonly #releases = new Map<string, number>();

  /** Whether one more seat of the slot may be given back; counts it if so. */
  mayRelease(slotId: string): boolean {
    const released = this.#releases.get(slotId) ?? 0;
    if (released >= MOST_RELEASES) return false;
    this.#releases.set(slotId, released + 1);
    return true;
  }

  promise(booking: Booking): void {
    const known = this.tokens.get(booking.bookingId);
    if (known !== undefined && known !== booking.tokenNumber)
      this.faults.push(`${booking.bookingId} was told two tokens`);
    this.tokens.set(booking.bookingId, booking.tokenNumber);
  }
}

/** What a hammering client works with. */
export interface HammerParts {
  readonly ledger: HammerLedger;
  /** The desk that this client uses, in one of the processes. */
  readonly desk: ApiClient;
  /** The client books as a patient, or at the desk for one. */
  readonly isPatient: boolean;
  readonly patients: readonly SignedInPatient[];
  readonly slotIds: readonly string[];
  /** [0, 1) */
  readonly random: () => number;
}

/** One client that books, cancels, misses visits and comes back, without a pause. */
export class HammerClient {
  readonly #parts: HammerParts;

  constructor(parts: HammerParts) {
    this.#parts = parts;
  }

  /** Does one thing after the other until `isOver`. */
  async hammer(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const dice = this.#parts.random();
      if (dice < 0.75) await this.#book();
      else if (dice < 0.82) await this.#bookTwice();
      else if (dice < 0.95) await this.#giveBack();
      else await this.#comeBack();
    }
  }

  /** Asks for a seat of the highest tier, and again as long as the slot is said to be busy. */
  async bookLast(slotId: string, patient: SignedInPatient): Promise<ApiReply> {
    for (let triesLeft = 10; ; triesLeft -= 1) {
      const { patientId } = patient;
      const body = { slotId, type: 'EMERGENCY', patientId };
      const reply = await this.#asked(this.#parts.desk.post('/v1/bookings', body));
      if (reply.status !== 429 || triesLeft === 0) return reply;
    }
  }

  async #book(): Promise<void> {
    await this.#asked(this.#wish()());
  }

  /** A client that lost patience: the same request twice at once, under one key. */
  async #bookTwice(): Promise<void> {
    const wish = this.#wish(randomUUID());
    const replies = await Promise.all([this.#asked(wish()), this.#asked(wish())]);
    const ids = replies
      .filter(({ status }) => status === 201)
      .map((reply) => reply.read(201, Booking).bookingId);
    if (new Set(ids).size > 1) this.#parts.ledger.faults.push('One key made two bookings');
  }

  #wish(key?: string): () => Promise<ApiReply> {
    const { isPatient, desk } = this.#parts;
    const patient = this.#oneOf(this.#parts.patients);
    const slotId = this.#oneOf(this.#parts.slotIds);
    const type = this.#oneOf(isPatient ? PATIENT_TYPES : DESK_TYPES);
    const request = key === undefined ? {} : { idempotencyKey: key };
    return isPatient
      ? () => patient.api.post('/v1/bookings', { slotId, type }, request)
      : () => desk.post('/v1/bookings', { slotId, type, patientId: patient.patientId }, request);
  }

  async #giveBack(): Promise<void> {
    const { ledger, random } = this.#parts;
    const [booking] = ledger.held.splice(Math.floor(random() * ledger.held.length), 1);
    if (!booking) return this.#book();
    if (!ledger.mayRelease(booking.slotId)) return;
    const isMissed = random() < 0.5;
    await this.#step(booking, isMissed ? 'noshow' : 'cancel', isMissed ? 'NOSHOW' : 'CANCELLED');
    if (isMissed) ledger.missed.push(booking);
  }

  async #comeBack(): Promise<void> {
    const booking = this.#parts.ledger.missed.pop();
    if (!booking) return this.#book();
    await this.#step(booking, 'reinstate', 'BOOKED');
  }

  async #step(booking: Booking, name: string, to: string): Promise<void> {
    const { ledger, desk } = this.#parts;
    const reply = await desk.post(`/v1/bookings/${booking.bookingId}/${name}`);
    ledger.replies.push(reply);
    if (reply.status === 200) ledger.statuses.set(booking.bookingId, to);
    else if (to !== 'BOOKED') ledger.faults.push(`${name}: ${reply.status} ${reply.text}`);
  }

  async #asked(asking: Promise<ApiReply>): Promise<ApiReply> {
    const { ledger } = this.#parts;
    const reply = await asking;
    ledger.replies.push(reply);
    if (reply.status !== 201) return reply;
    const booking = reply.read(201, Booking);
    const isNew = !ledger.tokens.has(booking.bookingId);
    ledger.promise(booking);
    if (isNew) ledger.held.push(booking);
    return reply;
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[Math.floor(this.#parts.random() * values.length)] as T;
  }
}

/** A stream of numbers in [0, 1) that is the same for the same seed (xorshift, 32 bits). */
export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
