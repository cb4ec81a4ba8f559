/**
 * Goal: whatever a lock service or a store does to a round, nobody is told what may turn out wrong:
 * a seat only where it is stored, a refusal only where no write of the request can match any more.
 * Method: scripted locks and store on a hand-driven clock; lost writes are applied late or never.
 */
import type { SlotWrite } from './round-store';
import { settled } from '../testing/hand-clock';
import {
  bookingRecord,
  bookingRecords,
  NINE,
  slotDocument,
  slotHolding,
  TEN,
} from '../testing/records';
import { ScriptedRounds, word } from '../testing/scripted-rounds';
import { Gate, unclearReceipt } from '../testing/scripted-ports';

/** Nine of ten seats are taken. */
const oneLeft = () => slotHolding(bookingRecords(9));

/** Applies nothing, and keeps what was sent. */
function losing(sent: SlotWrite[]) {
  return (writes: readonly SlotWrite[]) => {
    sent.push(...writes);
    return unclearReceipt();
  };
}

/** Somebody else's booking, through another process. */
function another(opd: ScriptedRounds, slotId = NINE): void {
  const { doctorDay, version, lastTokenNumber } = opd.store.slot(slotId);
  const booking = bookingRecord(lastTokenNumber + 1, { bookingId: 'bk_theirs', patientId: 'pt_x' });
  opd.store.apply({ slotId, doctorDay, version, bookings: [booking], reinstatements: [] });
}

describe('a write without a clear outcome', () => {
  it('that landed is found by the same booking id, and admits', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push((writes) => {
      opd.store.applyAll(writes);
      return unclearReceipt();
    });
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe(10);
    expect(opd.store.bulks).toHaveLength(1);
    expect(opd.store.slot(NINE).bookedCount).toBe(10);
    expect(opd.observer.unclear).toEqual([{ slots: 1, cause: 'scripted' }]);
  });

  it('that did not land is sent again, with the same booking id', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push(() => unclearReceipt());
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe(10);
    const ids = opd.store.bulks.map(([write]) => write?.bookings[0]?.bookingId);
    expect(ids).toEqual([asked.wish.bookingId, asked.wish.bookingId]);
  });

  it('whose guard was passed by another is decided anew, and refused', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push((writes) => {
      another(opd);
      return opd.store.applyAll(writes);
    });
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe('SLOT_FULL');
    // The version is above the lost guard already: no fence is needed.
    expect(opd.store.bulks).toHaveLength(1);
  });

  it('refuses behind a fence where the version still is the lost guard', async () => {
    const sent: SlotWrite[] = [];
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push(losing(sent));
    // A cancel or capacity by others would raise the version; closing by hand does not.
    opd.store.reads.push(
      () => undefined,
      () => void (opd.store.slot(NINE).status = 'CLOSED'),
    );
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe('SLOT_CLOSED');
    expect(opd.store.bulks[1]).toEqual([
      expect.objectContaining({ version: 9, bookings: [], reinstatements: [] }),
    ]);
    expect(opd.store.slot(NINE)).toMatchObject({ version: 10, bookedCount: 9 });
    // The lost write comes late, and is turned away by the fence.
    expect(sent.map((write) => opd.store.apply(write))).toEqual([false]);
  });

  it('does not refuse while the fence itself is not acknowledged', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    const sent: SlotWrite[] = [];
    opd.store.writes.push(losing(sent), losing(sent), losing(sent));
    opd.store.reads.push(
      () => undefined,
      () => void (opd.store.slot(NINE).status = 'CLOSED'),
    );
    const asked = opd.ask();
    await settled();
    expect(opd.store.bulks).toHaveLength(4);
    expect(word(asked)).toBe('SLOT_CLOSED');
    expect(sent.map(({ bookings }) => bookings.length)).toEqual([1, 0, 0]);
  });

  it('is UNKNOWN at the deadline, whether it lands after that or not', async () => {
    const sent: SlotWrite[] = [];
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push(losing(sent));
    opd.locks.script.set(NINE, ['HELD', 'BUSY']);
    const asked = opd.ask();
    await opd.clock.pass(2_499);
    expect(word(asked)).toBeUndefined();
    await opd.clock.pass(1);
    expect(word(asked)).toBe('UNKNOWN');
    expect(sent.map((write) => opd.store.apply(write))).toEqual([true]);
  });

  it.each(['BUSY', 'UNAVAILABLE'] as const)(
    'is not answered when the lock is %s then',
    async (line) => {
      const opd = new ScriptedRounds([oneLeft()], { lockWaitMs: 0 });
      opd.store.writes.push((writes) => {
        opd.store.applyAll(writes);
        return unclearReceipt();
      });
      opd.locks.script.set(NINE, ['HELD', line, line, 'HELD']);
      const asked = opd.ask();
      await settled();
      expect(word(asked)).toBeUndefined();
      await opd.clock.pass(100);
      expect(word(asked)).toBe(10);
    },
  );

  it('is not answered when the next read fails', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push(losing([]));
    opd.store.reads.push(
      () => undefined,
      () => Promise.reject(new Error('away')),
    );
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBeUndefined();
    await opd.clock.pass(20);
    expect(word(asked)).toBe(10);
  });

  it('makes its slot wait only for the next read', async () => {
    const opd = new ScriptedRounds([oneLeft()]);
    opd.store.writes.push(losing([]));
    const asked = opd.ask();
    await settled();
    expect(asked.answeredAtMs).toBe(0);
  });

  it('of a missed visit taken back is found by the request that did it', async () => {
    const missed = bookingRecord(2, { status: 'NOSHOW' });
    const opd = new ScriptedRounds([slotHolding([bookingRecord(1), missed])]);
    opd.store.writes.push((writes) => {
      opd.store.applyAll(writes);
      return unclearReceipt();
    });
    const asked = opd.ask({ kind: 'REINSTATE', bookingId: 'bk_2', patientId: 'pt_2' });
    await settled();
    expect(word(asked)).toBe(2);
    expect(opd.store.slot(NINE).bookedCount).toBe(2);
  });
});

describe('a seat that is stored, but not yet told', () => {
  /** The first write lands and its answer is lost; `then` is what happens to the next one. */
  async function landedThen(refusal: 'CLAIMED' | 'INVALID' | 'NOT_SENT') {
    const opd = new ScriptedRounds();
    opd.store.writes.push(
      (writes) => {
        opd.store.applyAll(writes);
        return unclearReceipt();
      },
      () => unclearReceipt({ [NINE]: refusal }),
    );
    // The second comes in while the first is on its way, and shares its next round.
    opd.store.reads.push(
      () => undefined,
      () => undefined,
      () => Promise.reject(new Error('away')),
    );
    const first = opd.ask();
    const second = opd.ask();
    await opd.clock.pass(1_000);
    return { opd, first, second };
  }

  it.each(['CLAIMED', 'INVALID', 'NOT_SENT'] as const)(
    'is not denied because a later write of the slot was %s',
    async (refusal) => {
      const { opd, first } = await landedThen(refusal);
      expect(opd.store.slot(NINE).bookings[0]?.bookingId).toBe(first.wish.bookingId);
      expect(word(first)).toBe(1);
    },
  );

  it('is not denied because the lock ran short before the next write', async () => {
    const opd = new ScriptedRounds();
    opd.store.writes.push((writes) => {
      opd.store.applyAll(writes);
      return unclearReceipt();
    });
    opd.locks.script.set(NINE, ['HELD', 'SHORT', 'UNAVAILABLE', 'HELD']);
    const [first, second] = [opd.ask(), opd.ask()];
    await opd.clock.pass(1_000);
    expect([first, second].map(word)).toEqual([1, 'LOCK_UNAVAILABLE']);
  });
});

describe('a receipt that names one slot of many', () => {
  const both = () => [slotDocument(), slotDocument({ start: '10:00' })];

  /** A round over both slots, whose bulk lands but for the slot at nine. */
  async function roundOverBoth(refusal: 'CLAIMED' | 'INVALID' | 'NOT_SENT') {
    const opd = new ScriptedRounds(both());
    opd.store.writes.push(
      (writes) => opd.store.applyAll(writes),
      (writes) => {
        opd.store.applyAll(writes.filter(({ slotId }) => slotId !== NINE));
        return unclearReceipt({ [NINE]: refusal });
      },
    );
    opd.ask({ patientId: 'pt_first' });
    const nine = [opd.ask(), opd.ask()];
    const ten = [opd.askAtTen(), opd.askAtTen()];
    await settled();
    return { opd, nine, ten };
  }

  it('INVALID: the others are found to be booked, its own get the error', async () => {
    const { opd, nine, ten } = await roundOverBoth('INVALID');
    expect(nine.map(word)).toEqual(['BROKEN', 'BROKEN']);
    expect(ten.map(word)).toEqual([1, 2]);
    expect(opd.observer.broken.map(({ slotId }) => slotId)).toEqual([NINE]);
  });

  it('NOT_SENT: its own are told that nothing was booked', async () => {
    const { nine, ten } = await roundOverBoth('NOT_SENT');
    expect(nine.map(word)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
    expect(ten.map(word)).toEqual([1, 2]);
  });

  it('CLAIMED: its own are decided anew after a moment', async () => {
    const { opd, nine, ten } = await roundOverBoth('CLAIMED');
    expect(nine.map(word)).toEqual([undefined, undefined]);
    expect(ten.map(word)).toEqual([1, 2]);
    await opd.clock.pass(20);
    expect(nine.map(word)).toEqual([2, 3]);
  });

  it('CLAIMED: the patient whose claim it was is refused then, the others booked', async () => {
    const opd = new ScriptedRounds(both());
    opd.store.writes.push(() => {
      another(opd, TEN);
      return unclearReceipt({ [NINE]: 'CLAIMED' });
    });
    const [claimed, other] = [opd.ask({ patientId: 'pt_x' }), opd.ask()];
    await opd.clock.pass(20);
    expect([claimed, other].map(word)).toEqual(['ALREADY_BOOKED', 1]);
  });
});

describe('a lock that another holds', () => {
  it('keeps a request waiting for the time it was seen held, then answers SLOT_BUSY', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['BUSY']);
    const asked = opd.ask();
    await opd.clock.pass(245);
    expect(word(asked)).toBeUndefined();
    await opd.clock.pass(20);
    expect(word(asked)).toBe('SLOT_BUSY');
    // 7 ms between the tries, as the scripted random says.
    expect(opd.locks.tried.length).toBeGreaterThan(30);
    expect(opd.store.queries).toHaveLength(0);
  });

  it('answers at once where no wait is allowed', async () => {
    const opd = new ScriptedRounds(undefined, { lockWaitMs: 0 });
    opd.locks.script.set(NINE, ['BUSY']);
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe('SLOT_BUSY');
    expect(opd.locks.tried).toHaveLength(1);
  });

  it('counts only the time in which it was seen: our own rounds do not use the wait up', async () => {
    const opd = new ScriptedRounds();
    // Busy, then ours for a long while, then busy again: the lane has hardly seen another owner.
    opd.locks.script.set(NINE, ['BUSY', 'BUSY', 'HELD', 'BUSY', 'BUSY', 'HELD']);
    const gate = new Gate();
    opd.store.reads.push(() => gate.opened);
    const first = opd.ask();
    await opd.clock.pass(14);
    const second = opd.ask();
    await opd.clock.pass(1_000);
    gate.open();
    await opd.clock.pass(26);
    expect([first, second].map(word)).toEqual([1, 2]);
  });

  it('is booked as soon as it is free', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['BUSY', 'BUSY', 'BUSY', 'HELD']);
    const asked = opd.ask();
    await opd.clock.pass(21);
    expect(word(asked)).toBe(1);
    expect(asked.answeredAtMs).toBe(21);
  });

  it('of one slot does not hold up another', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['BUSY']);
    const [nine, ten] = [opd.ask(), opd.askAtTen()];
    await settled();
    expect([nine, ten].map(word)).toEqual([undefined, 1]);
  });

  it('lets others in for 12 ms after a release, once another was seen', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['BUSY', 'HELD']);
    opd.ask();
    await opd.clock.pass(7);
    const next = opd.ask();
    await opd.clock.pass(11);
    expect(word(next)).toBeUndefined();
    await opd.clock.pass(1);
    expect(word(next)).toBe(2);
  });
});

describe('other faults', () => {
  it('a lock service that is away is said at once', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['UNAVAILABLE']);
    const [nine, ten] = [opd.ask(), opd.askAtTen()];
    await settled();
    expect([nine, ten].map(word)).toEqual(['LOCK_UNAVAILABLE', 1]);
  });

  it('a lock with less than 500 ms left sends its slot back, and nothing is written', async () => {
    const opd = new ScriptedRounds();
    opd.locks.script.set(NINE, ['SHORT', 'HELD']);
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe(1);
    expect(opd.locks.tried).toEqual([NINE, NINE]);
    expect(opd.locks.released).toEqual([NINE, NINE]);
    expect(opd.store.bulks).toHaveLength(1);
  });

  it('a process that was paused between read and write finds its lock too short', async () => {
    const opd = new ScriptedRounds();
    opd.store.reads.push(() => opd.clock.jump(1_501));
    const asked = opd.ask();
    await settled();
    expect(word(asked)).toBe(1);
    expect(opd.locks.tried).toHaveLength(2);
    expect(opd.store.bulks).toHaveLength(1);
  });

  it('a read that fails is said at once to all of the round, and the locks go back', async () => {
    const opd = new ScriptedRounds();
    opd.store.reads.push(
      () => undefined,
      () => Promise.reject(new Error('away')),
    );
    opd.ask();
    const asked = [opd.ask(), opd.askAtTen()];
    await settled();
    expect(asked.map(word)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
    expect(opd.locks.released).toEqual([NINE, NINE, TEN]);
    expect(opd.store.bulks).toHaveLength(1);
  });

  it('a decision that throws breaks its own slot only', async () => {
    const broken = slotDocument({}, { capacity: undefined as never });
    const opd = new ScriptedRounds([broken, slotDocument({ start: '10:00' })]);
    opd.ask({ slotId: 'nowhere' });
    const [nine, ten] = [opd.ask(), opd.askAtTen()];
    await settled();
    expect([nine, ten].map(word)).toEqual(['BROKEN', 1]);
    expect(opd.observer.broken).toEqual([
      { slotId: NINE, error: expect.any(TypeError) as unknown },
    ]);
    expect(opd.observer.rounds[1]).toEqual({ slots: 2, requests: 2 });
  });
});
