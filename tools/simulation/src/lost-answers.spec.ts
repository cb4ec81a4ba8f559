/**
 * Goal: a step or a change whose answer got lost takes effect once at most.
 * Method: the real use-cases over the simulated store; the reply to the first write never comes, and
 * before it is given up another client undoes what it did. Both defects were found by simulation.
 */
import { createBooking, type BookingUseCases, type Clock } from '@opd/booking';
import { Random } from './random';
import { Scheduler } from './scheduler';
import { SimulatedCollection, type TripRules } from './store/collection';
import { ReplicaSet } from './store/replica-set';
import { EPOCH_MS, openClinic } from './world/clinic';

const SLOT = 'dr-rao_2026-11-24_0900';

class Clinic {
  readonly scheduler = new Scheduler(new Random(1));
  readonly booking: BookingUseCases;
  /** The reply to the next write is lost. */
  losesNextWrite = false;

  constructor() {
    const { scheduler } = this;
    const random = new Random(2);
    const observer = { written: () => undefined, committed: () => undefined };
    const set = new ReplicaSet(openClinic(new Random(3), 100), { scheduler, random, observer });
    const actor = { isAlive: true, pausedUntilMs: 0 };
    const rules: TripRules = {
      validator: true,
      fate: (kind) => (kind === 'write' && this.#isLost() ? 'SILENT' : 'NORMAL'),
      bulkCutAfter: () => undefined,
      bulkSent: () => undefined,
    };
    const slots = new SimulatedCollection({ client: 'a', actor, set, scheduler, random, rules });
    const clock: Clock = {
      nowMs: () => EPOCH_MS + scheduler.nowMs,
      monotonicMs: () => scheduler.nowMs,
      after: (delayMs, callback) => scheduler.after(delayMs, callback),
    };
    const patient = { patientId: 'p', name: 'P', phone: '+910000000000' };
    this.booking = createBooking({
      connection: { getClient: () => ({ db: () => ({ collection: () => slots }) }) } as never,
      patients: {
        byId: () => Promise.resolve(patient),
        byIds: () => Promise.resolve(new Map([['p', patient]])),
      } as never,
      locks: {
        tryAcquire: (slotId) =>
          Promise.resolve({
            outcome: 'HELD',
            lock: { slotId, remainingMs: () => 2_000, release: () => Promise.resolve() },
          }),
      },
      settings: {
        ...{ clinicTimeZone: 'UTC', maxActiveBookingsPerPatient: 0, lockWaitMs: 250 },
        tokenSigningKey: 'a key of the simulation, of 32 signs',
      },
      observer: {
        roundEnded: () => undefined,
        slotBroke: () => undefined,
        writeUnclear: () => undefined,
      },
      clock,
    });
  }

  arrival() {
    return { arrivedAtMs: this.scheduler.nowMs };
  }

  /** Runs `work` in virtual time, and everything that it starts. */
  async play<T>(work: () => Promise<T>): Promise<T> {
    const playing = work();
    playing.catch(() => undefined);
    await this.scheduler.runAll();
    return playing;
  }

  #isLost(): boolean {
    const isLost = this.losesNextWrite;
    this.losesNextWrite = false;
    return isLost;
  }
}

const by = { userId: 'desk', role: 'DESK' as const };

describe('a lost answer', () => {
  it('of a change does not let it overwrite a newer change', async () => {
    const clinic = new Clinic();
    const { changeSlots, readSlots } = clinic.booking;
    clinic.losesNextWrite = true;
    const closing = clinic.play(() => changeSlots.change(SLOT, { status: 'CLOSED' }));
    const opened = new Promise((resolve) =>
      clinic.scheduler.after(500, () => resolve(changeSlots.change(SLOT, { status: 'OPEN' }))),
    );
    await expect(closing).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await opened).toMatchObject({ ok: true });
    const slot = await clinic.play(() => readSlots.one(SLOT));
    expect(slot).toMatchObject({ ok: true, value: { status: 'OPEN' } });
  });

  it('of a no-show does not mark a visit missed again that was taken back', async () => {
    const clinic = new Clinic();
    const { bookSlot, advanceVisit, reinstateBooking, readBookings } = clinic.booking;
    const wish = { slotId: SLOT, type: 'EMERGENCY' as const, patientId: 'p', by };
    const booked = await clinic.play(() =>
      bookSlot.execute({ ...wish, arrival: clinic.arrival() }),
    );
    const bookingId = booked.ok ? booked.value.booking.bookingId : '';
    clinic.losesNextWrite = true;
    const missing = clinic.play(() => advanceVisit.execute({ bookingId, to: 'NOSHOW' }));
    const takenBack = new Promise((resolve) =>
      clinic.scheduler.after(500, () =>
        resolve(reinstateBooking.execute({ bookingId, by, arrival: clinic.arrival() })),
      ),
    );
    await expect(missing).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await takenBack).toMatchObject({ ok: true });
    const shown = await clinic.play(() => readBookings.one(bookingId));
    expect(shown).toMatchObject({ ok: true, value: { status: 'BOOKED' } });
  });
});
