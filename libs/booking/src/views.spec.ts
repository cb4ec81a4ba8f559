/**
 * Goal: what leaves the engine has the shapes of the HTTP contract, shows the limits that hold now,
 * and no more of a person than it must. Method: the contract's own zod shapes, made strict.
 */
import { Booking, Slot } from '@opd/contracts';
import { bookingRecord, MORNING_MS, slotDocument } from './testing/records';
import { bookingView, slotView } from './views';

const slot = slotDocument({}, { bookedCount: 9 });
const endMs = slot.endsAt.getTime();

describe('slotView', () => {
  it('has exactly the fields of the contract', () => {
    const view = slotView(slot, MORNING_MS);
    expect(Slot.strict().parse(view)).toEqual(view);
    expect(JSON.stringify(view)).not.toMatch(/patient|activePatients|idempotency|version/);
  });

  it.each([
    [
      0,
      false,
      { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
      { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
    ],
    [
      9,
      false,
      { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
      { STANDARD: 1, PREMIUM: 3, CRITICAL: 6 },
    ],
    [9, true, { STANDARD: 8, PREMIUM: 9, CRITICAL: 15 }, { STANDARD: 0, PREMIUM: 0, CRITICAL: 6 }],
    [
      15,
      false,
      { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
      { STANDARD: 0, PREMIUM: 0, CRITICAL: 0 },
    ],
  ])(
    'shows with %d booked, delayed %s, what holds and what is left',
    (bookedCount, isDelayed, limits, remaining) => {
      const view = slotView({ ...slot, bookedCount, isDelayed }, MORNING_MS);
      expect(view).toMatchObject({ bookedCount, isDelayed, limits, remaining });
    },
  );

  it.each([
    ['closed', { ...slot, status: 'CLOSED' as const }, MORNING_MS, 0],
    ['over', slot, endMs, 0],
    ['about to be over', slot, endMs - 1, 6],
  ])('has for emergencies in a slot that is %s', (_what, head, nowMs, seats) => {
    expect(slotView(head, nowMs).remaining.CRITICAL).toBe(seats);
  });
});

describe('bookingView', () => {
  it('has exactly the fields of the contract', () => {
    const booking = bookingRecord(3, { idempotencyKey: 'hash', reinstateId: 'rq_1' });
    const view = bookingView({ slot, booking }, 'Asha');
    expect(Booking.strict().parse(view)).toEqual(view);
    expect(view).toMatchObject({ patientId: 'pt_3', patientName: 'Asha', tokenNumber: 3 });
    expect(JSON.stringify(view)).not.toMatch(/hash|rq_1|bookedBy/);
  });

  it.each([
    ['checkedInAt', 'CHECKED_IN'],
    ['startedAt', 'IN_CONSULTATION'],
    ['completedAt', 'COMPLETED'],
    ['cancelledAt', 'CANCELLED'],
    ['noShowAt', 'NOSHOW'],
  ] as const)('shows %s of a booking that is %s', (stamp, status) => {
    const at = new Date(MORNING_MS + 60_000);
    const view = bookingView({ slot, booking: bookingRecord(1, { status, [stamp]: at }) }, 'Asha');
    expect(view).toMatchObject({ status, [stamp]: at.toISOString() });
    const stamps = Object.entries(view).filter(([name, value]) => name.endsWith('At') && value);
    expect(stamps.map(([name]) => name).sort()).toEqual(['bookedAt', stamp, 'startsAt'].sort());
  });

  it('gives the reason of a cancel, and the delay of the slot', () => {
    const booking = bookingRecord(1, { status: 'CANCELLED', cancelReason: 'fever is gone' });
    const late = { ...slot, isDelayed: true, delayMinutes: 40 };
    expect(bookingView({ slot: late, booking }, 'Asha')).toMatchObject({
      cancelReason: 'fever is gone',
      isDelayed: true,
      delayMinutes: 40,
    });
  });
});
