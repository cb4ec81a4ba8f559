/**
 * Goal: a request is answered when its own slot's write is acknowledged, by one round after the
 * other, and by its deadline whatever happens. Method: rounds on a clock that is turned by hand,
 * with a lock service and a store that follow a script; each step is held open by a gate.
 */
import { LANE_BOUNDS } from './lanes';
import { settled } from '../testing/hand-clock';
import {
  bookingRecords,
  MORNING_MS,
  NINE,
  seatWish,
  slotDocument,
  slotHolding,
  TEN,
} from '../testing/records';
import { ScriptedRounds, word } from '../testing/scripted-rounds';
import { Gate } from '../testing/scripted-ports';

const full = () => slotHolding(bookingRecords(9));

describe('a round', () => {
  it('decides all who wait for a slot in one lock, one read and one write', async () => {
    const opd = new ScriptedRounds();
    const asked = [opd.ask(), opd.ask(), opd.ask()];
    await settled();
    expect(asked.map(word)).toEqual([1, 2, 3]);
    // The first came alone, and the others while it was on its way.
    expect(opd.observer.rounds).toEqual([
      { slots: 1, requests: 1 },
      { slots: 1, requests: 2 },
    ]);
    expect(opd.store.queries).toHaveLength(2);
    expect(opd.store.bulks).toHaveLength(2);
    expect(opd.locks.tried).toEqual([NINE, NINE]);
    expect(opd.locks.released).toEqual([NINE, NINE]);
  });

  it('asks the store for its slots, its patients and its keys, each once, and for today on', async () => {
    const opd = new ScriptedRounds();
    const gate = new Gate();
    opd.locks.gate = gate.opened;
    opd.ask();
    const wishes = [
      { patientId: 'pt_a', idempotencyKey: 'k' },
      { patientId: 'pt_a', idempotencyKey: 'k' },
      { patientId: 'pt_b', slotId: TEN },
    ];
    for (const wish of wishes) opd.ask(wish);
    gate.open();
    await settled();
    expect(opd.store.queries[1]).toEqual({
      slotIds: [NINE, TEN],
      patientIds: ['pt_a', 'pt_b'],
      idempotencyKeys: ['k'],
      fromDay: '2026-11-24',
    });
    expect(opd.store.bulks[1]).toHaveLength(2);
  });

  it('runs alone: who comes meanwhile is in the next', async () => {
    const opd = new ScriptedRounds();
    const gate = new Gate();
    opd.store.writes.push(async (writes) => {
      await gate.opened;
      return opd.store.applyAll(writes);
    });
    const first = opd.ask();
    await settled();
    const [second, third] = [opd.ask(), opd.askAtTen()];
    await opd.clock.pass(100);
    expect([first, second, third].map(word)).toEqual([undefined, undefined, undefined]);
    expect(opd.locks.tried).toEqual([NINE]);
    gate.open();
    await settled();
    expect([first, second, third].map(word)).toEqual([1, 2, 1]);
    expect(opd.observer.rounds[1]).toEqual({ slots: 2, requests: 2 });
  });

  it('answers nobody of a slot before its write is acknowledged, refused ones included', async () => {
    const opd = new ScriptedRounds([full()]);
    const gate = new Gate();
    opd.store.reads.push(() => gate.opened);
    opd.ask({ slotId: 'nowhere' });
    const asked = [opd.ask(), opd.ask(), opd.ask()];
    const write = new Gate();
    opd.store.writes.push(async (writes) => {
      await write.opened;
      return opd.store.applyAll(writes);
    });
    gate.open();
    await opd.clock.pass(500);
    expect(opd.store.bulks).toHaveLength(1);
    expect(asked.map(word)).toEqual([undefined, undefined, undefined]);
    write.open();
    await settled();
    expect(asked.map(word)).toEqual([10, 'SLOT_FULL', 'SLOT_FULL']);
  });

  it('answers at once where nothing of the slot is written, whatever others wait for', async () => {
    const nine = slotHolding(bookingRecords(10));
    const opd = new ScriptedRounds([nine, slotDocument({ start: '10:00' })]);
    const gate = new Gate();
    opd.locks.gate = gate.opened;
    opd.ask({ slotId: 'nowhere' });
    const [refused, booked] = [opd.ask(), opd.askAtTen()];
    const write = new Gate();
    opd.store.writes.push(async (writes) => {
      await write.opened;
      return opd.store.applyAll(writes);
    });
    gate.open();
    await settled();
    expect([refused, booked].map(word)).toEqual(['SLOT_FULL', undefined]);
    write.open();
    await settled();
    expect(word(booked)).toBe(1);
  });

  it('leaves nobody behind who asks in the moment in which the last round ends', async () => {
    // Chains of different length: wherever the runner is on its way out, one asks right then.
    for (let steps = 0; steps < 12; steps += 1) {
      const opd = new ScriptedRounds();
      const arrival = { arrivedAtMs: 0 };
      await opd.rounds.ask(seatWish(), arrival);
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      const asked = opd.ask();
      await settled();
      expect([steps, word(asked)]).toEqual([steps, 2]);
    }
  });

  it('leaves no timer behind', async () => {
    const opd = new ScriptedRounds();
    opd.ask();
    await settled();
    expect(opd.clock.timers).toBe(0);
  });
});

describe('the bounds', () => {
  const small = { ...LANE_BOUNDS, requestsPerLane: 2, requestsInAll: 4 };

  it('answer SLOT_BUSY at once when the lane is full', async () => {
    const opd = new ScriptedRounds(undefined, { bounds: small });
    opd.locks.gate = new Gate().opened;
    const asked = [opd.ask(), opd.ask(), opd.ask(), opd.ask()];
    await settled();
    // One is in the round, two are in the lane.
    expect(asked.map(word)).toEqual([undefined, undefined, undefined, 'SLOT_BUSY']);
  });

  it('answer SLOT_BUSY at once when too many wait in all, and take again when one is answered', async () => {
    const opd = new ScriptedRounds(undefined, { bounds: small });
    const gate = new Gate();
    opd.locks.gate = gate.opened;
    const asked = [opd.ask(), opd.ask(), opd.askAtTen(), opd.askAtTen(), opd.ask({ slotId: 'x' })];
    await settled();
    expect(word(asked[4]!)).toBe('SLOT_BUSY');
    gate.open();
    await settled();
    const later = opd.ask();
    await settled();
    expect(word(later)).toBe(3);
  });
});

describe('the deadline', () => {
  it.each([
    ['while the lock is asked for', 'lock', 'STORE_UNAVAILABLE'],
    ['while the slots are read', 'read', 'STORE_UNAVAILABLE'],
    ['while the seat is written', 'write', 'UNKNOWN'],
  ])('comes 2.5 s after the arrival %s', async (_when, stage, answer) => {
    const opd = new ScriptedRounds();
    const gate = new Gate();
    if (stage === 'lock') opd.locks.gate = gate.opened;
    if (stage === 'read') opd.store.reads.push(() => gate.opened);
    if (stage === 'write')
      opd.store.writes.push(async (writes) => {
        await gate.opened;
        return opd.store.applyAll(writes);
      });
    opd.clock.jump(1_000);
    const asked = opd.ask();
    await opd.clock.pass(2_499);
    expect(word(asked)).toBeUndefined();
    await opd.clock.pass(1);
    expect(word(asked)).toBe(answer);
    expect(asked.answeredAtMs).toBe(3_500);

    // What was answered with "nothing was booked" is not written when the store wakes up.
    gate.open();
    await opd.clock.pass(5_000);
    expect(opd.store.slot(NINE).bookedCount).toBe(stage === 'write' ? 1 : 0);
    expect(opd.store.bulks).toHaveLength(stage === 'write' ? 1 : 0);
  });

  it('counts from the arrival, not from the lane', async () => {
    const opd = new ScriptedRounds();
    const gate = new Gate();
    opd.locks.gate = gate.opened;
    opd.ask();
    const wish = seatWish();
    opd.clock.jump(2_000);
    let answered: unknown;
    void opd.rounds.ask(wish, { arrivedAtMs: 0 }).then((answer) => (answered = answer));
    await opd.clock.pass(500);
    expect(answered).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    gate.open();
    await settled();
    expect(opd.store.slot(NINE).bookedCount).toBe(0);
  });

  it('of a process that was paused is seen before its timer fires, and nothing is written', async () => {
    const opd = new ScriptedRounds();
    opd.store.reads.push(() => opd.clock.jump(2_500));
    const asked = opd.ask();
    await settled();
    expect(opd.store.bulks).toHaveLength(0);
    await opd.clock.pass(0);
    expect(word(asked)).toBe('STORE_UNAVAILABLE');
  });

  it('of a request that comes too late is over at once', async () => {
    const opd = new ScriptedRounds();
    opd.clock.jump(2_600);
    let answered: unknown;
    void opd.rounds.ask(seatWish(), { arrivedAtMs: 0 }).then((answer) => (answered = answer));
    await opd.clock.pass(0);
    expect(answered).toEqual({ outcome: 'UNAVAILABLE', code: 'STORE_UNAVAILABLE' });
    expect(opd.store.queries).toHaveLength(0);
  });
});

describe('a client who has gone', () => {
  it.each(['lock', 'read'])('during the %s gets no seat, and costs nobody one', async (stage) => {
    const opd = new ScriptedRounds([full()]);
    const gate = new Gate();
    if (stage === 'lock') opd.locks.gate = gate.opened;
    else opd.store.reads.push(() => gate.opened);
    const client = new AbortController();
    const gone = opd.ask({}, client.signal);
    await settled();
    client.abort();
    const stays = opd.ask();
    gate.open();
    await settled();
    expect(word(stays)).toBe(10);
    expect(opd.store.slot(NINE).bookings.map(({ bookingId }) => bookingId)).not.toContain(
      gone.wish.bookingId,
    );
  });

  it('after the write keeps the seat that was written', async () => {
    const opd = new ScriptedRounds();
    const client = new AbortController();
    opd.store.writes.push((writes) => {
      client.abort();
      return opd.store.applyAll(writes);
    });
    const asked = opd.ask({}, client.signal);
    await settled();
    expect(word(asked)).toBe(1);
  });
});

it('decides by the time of day at which it read, not at which it was asked', async () => {
  const opd = new ScriptedRounds();
  const toStartMs = opd.store.slot(NINE).startsAt.getTime() - MORNING_MS;
  opd.clock.jump(toStartMs - 1);
  opd.store.reads.push(() => opd.clock.jump(1));
  const asked = opd.ask();
  await settled();
  expect(word(asked)).toBe('SLOT_ENDED');
});
