import type { PatientDirectory } from '@opd/auth';
import type { Booking, Identity, Outcome } from '@opd/contracts';
import type { Ids } from '../ids';
import { notFound } from '../refusals';
import type { Arrival } from '../rounds/seat-request';
import type { SeatRounds } from '../rounds/seat-rounds';
import type { SlotReads } from '../store/slot-reads';
import { bookingView } from '../views';
import { outcomeOfAnswer } from './seat-outcome';

/** Takes a missed visit back: same token, and a seat only if there still is one. */
export class ReinstateBooking {
  readonly #parts: {
    rounds: SeatRounds;
    reads: SlotReads;
    patients: PatientDirectory;
    ids: Ids;
  };

  constructor(parts: {
    rounds: SeatRounds;
    reads: SlotReads;
    patients: PatientDirectory;
    ids: Ids;
  }) {
    this.#parts = parts;
  }

  async execute(command: {
    readonly bookingId: string;
    readonly by: Identity;
    readonly arrival: Arrival;
  }): Promise<Outcome<Booking>> {
    const { rounds, reads, patients, ids } = this.#parts;
    const found = await reads.booking(command.bookingId);
    if (!found) return notFound('booking');
    const names = await patients.byIds([found.booking.patientId]);

    const answer = await rounds.ask(
      {
        kind: 'REINSTATE',
        bookingId: command.bookingId,
        requestId: ids.requestId(),
        slotId: found.slot._id,
        patientId: found.booking.patientId,
        type: found.booking.type,
        by: { userId: command.by.userId, role: command.by.role },
      },
      command.arrival,
    );
    if (answer.outcome === 'REPLAYED') throw new Error('A reinstatement carries no key to replay');
    return outcomeOfAnswer(answer, (seat) =>
      bookingView(seat, names.get(seat.booking.patientId)?.name ?? ''),
    );
  }
}
