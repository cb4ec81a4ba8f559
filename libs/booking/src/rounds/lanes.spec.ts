/**
 * Goal: requests leave their lane in the order of arrival, within every bound, and only together
 * with those they can be decided with. Method: lanes filled by hand, with small bounds.
 */
import { Lane, LANE_BOUNDS, Lanes, RoundMembers, type LaneBatch } from './lanes';
import type { SeatRequest } from './seat-request';
import { NINE, seatRequest, TEN } from '../testing/records';

const BOUNDS = {
  requestsPerLane: 4,
  requestsInAll: 100,
  slotsPerRound: 3,
  requestsPerSlotAndRound: 2,
};

const requests = (count: number, changes: Parameters<typeof seatRequest>[0] = {}) =>
  Array.from({ length: count }, () => seatRequest(changes));

function laneOf(...waiting: SeatRequest[]): Lane {
  const lane = new Lane(NINE);
  for (const request of waiting) lane.push(request);
  return lane;
}

const take = (lane: Lane, atMost = 10, nowMs = 0) => lane.take(atMost, new RoundMembers(), nowMs);
const slotsOf = (batches: readonly LaneBatch[]) => batches.map(({ lane }) => lane.slotId);

describe('a lane', () => {
  it('gives in the order of arrival, up to the bound, and keeps the rest', () => {
    const [a, b, c] = requests(3) as [SeatRequest, SeatRequest, SeatRequest];
    const lane = laneOf(a, b, c);
    expect(take(lane, 2)).toEqual([a, b]);
    expect(lane.length).toBe(1);
    expect(take(lane, 2)).toEqual([c]);
    expect(take(lane, 2)).toEqual([]);
  });

  it('takes requests back to its head, in their order', () => {
    const [a, b, c, d] = requests(4) as [SeatRequest, SeatRequest, SeatRequest, SeatRequest];
    const lane = laneOf(a, b, c);
    const taken = take(lane, 2);
    lane.push(d);
    lane.putBack(taken);
    expect(take(lane)).toEqual([a, b, c, d]);
  });

  it('forgets those who are answered, late or gone', () => {
    const client = new AbortController();
    const gone = seatRequest({}, { arrivedAtMs: 1_000, clientGone: client.signal });
    const answered = seatRequest({}, { arrivedAtMs: 1_000 });
    const late = seatRequest({}, { arrivedAtMs: 0 });
    const waiting = seatRequest({}, { arrivedAtMs: 1_000 });
    const lane = laneOf(gone, answered, late, waiting);
    client.abort();
    answered.answer({ outcome: 'UNKNOWN' });
    expect(take(lane, 10, 2_500)).toEqual([waiting]);
    expect(lane.length).toBe(0);
  });

  it('never mixes kinds: what comes after the first of the other kind waits', () => {
    const book = requests(2);
    const back = requests(2, { kind: 'REINSTATE' });
    const last = seatRequest();
    const lane = laneOf(...book, ...back, last);
    expect(take(lane)).toEqual(book);
    expect(take(lane)).toEqual(back);
    expect(take(lane)).toEqual([last]);
  });

  it('keeps the longest of several pauses', () => {
    const lane = new Lane(NINE);
    expect(lane.notBeforeMs).toBe(-Infinity);
    for (const atMs of [20, 5, 12]) lane.pauseUntil(atMs);
    expect(lane.notBeforeMs).toBe(20);
  });
});

describe('the members of a round', () => {
  const key = { idempotencyKey: 'hash' };

  it.each([
    ['two patients', {}, {}, true],
    ['two patients of two slots', {}, { slotId: TEN }, true],
    ['one patient twice in a slot', { patientId: 'pt_1' }, { patientId: 'pt_1' }, true],
    ['one patient in two slots', { patientId: 'pt_1' }, { patientId: 'pt_1', slotId: TEN }, false],
    ['one key twice in a slot', key, key, true],
    ['one key in two slots', key, { ...key, slotId: TEN }, false],
    [
      'a key that reads like a patient',
      { patientId: 'x' },
      { idempotencyKey: 'x', slotId: TEN },
      true,
    ],
  ])('may be %s', (_what, first, second, isAdmitted) => {
    const members = new RoundMembers();
    expect(members.admits(seatRequest(first))).toBe(true);
    expect(members.admits(seatRequest(second))).toBe(isAdmitted);
  });

  it('do not count one that was turned away', () => {
    const members = new RoundMembers();
    members.admits(seatRequest({ patientId: 'pt_1' }));
    members.admits(seatRequest({ patientId: 'pt_1', ...key, slotId: TEN }));
    expect(members.admits(seatRequest(key))).toBe(true);
  });

  it('let a lane give what comes behind one that must wait', () => {
    const members = new RoundMembers();
    members.admits(seatRequest({ patientId: 'pt_1', slotId: TEN }));
    const [waits, goes] = [seatRequest({ patientId: 'pt_1' }), seatRequest()];
    const lane = laneOf(waits, goes);
    expect(lane.take(10, members, 0)).toEqual([goes]);
    expect(take(lane)).toEqual([waits]);
  });
});

describe('all lanes', () => {
  const fill = (lanes: Lanes, slotId: string, count: number) =>
    requests(count, { slotId }).map((request) => lanes.enqueue(request));

  it('refuse what one lane cannot hold, and nobody else', () => {
    const lanes = new Lanes(BOUNDS);
    expect(fill(lanes, 'a', 5)).toEqual([true, true, true, true, false]);
    expect(fill(lanes, 'b', 1)).toEqual([true]);
  });

  it('give so many slots, and so many requests of each, to a round', () => {
    const lanes = new Lanes(BOUNDS);
    for (const slotId of ['a', 'b', 'c', 'd']) fill(lanes, slotId, 3);
    const batches = lanes.takeRound(0);
    expect(slotsOf(batches)).toEqual(['a', 'b', 'c']);
    expect(batches.map((batch) => batch.requests.length)).toEqual([2, 2, 2]);
  });

  it('give first what waited longest for a round, so that no slot is passed over', () => {
    const lanes = new Lanes(BOUNDS);
    for (const slotId of ['a', 'b', 'c', 'd', 'e']) fill(lanes, slotId, 3);
    expect(slotsOf(lanes.takeRound(0))).toEqual(['a', 'b', 'c']);
    expect(slotsOf(lanes.takeRound(1))).toEqual(['d', 'e', 'a']);
    expect(slotsOf(lanes.takeRound(2))).toEqual(['b', 'c', 'd']);
  });

  it('let a patient ask in one slot of a round only; the other slot follows in the next', () => {
    const lanes = new Lanes(BOUNDS);
    lanes.enqueue(seatRequest({ patientId: 'pt_1', slotId: 'a' }));
    lanes.enqueue(seatRequest({ patientId: 'pt_1', slotId: 'b' }));
    expect(slotsOf(lanes.takeRound(0))).toEqual(['a']);
    expect(slotsOf(lanes.takeRound(1))).toEqual(['b']);
  });

  it('leave a lane alone until its pause is over, and say when that is', () => {
    const lanes = new Lanes(BOUNDS);
    fill(lanes, 'a', 3);
    const [batch] = lanes.takeRound(0);
    batch?.lane.pauseUntil(12);
    expect(lanes.nextReadyAtMs()).toBe(12);
    expect(lanes.takeRound(11.9)).toEqual([]);
    expect(slotsOf(lanes.takeRound(12))).toEqual(['a']);
  });

  it('say the earliest of several', () => {
    const lanes = new Lanes(BOUNDS);
    expect(lanes.nextReadyAtMs()).toBeUndefined();
    for (const slotId of ['a', 'b']) fill(lanes, slotId, 3);
    const batches = lanes.takeRound(0);
    batches.forEach(({ lane }, index) => lane.pauseUntil(30 - 10 * index));
    expect(lanes.nextReadyAtMs()).toBe(20);
  });

  it('say that nobody waits when the only one has gone', () => {
    const lanes = new Lanes(BOUNDS);
    const request = seatRequest();
    lanes.enqueue(request);
    request.answer({ outcome: 'UNKNOWN' });
    expect(lanes.takeRound(0)).toEqual([]);
    expect(lanes.nextReadyAtMs()).toBeUndefined();
  });

  it.each([
    ['is remembered for two seconds', 2_000, 12_345],
    ['is forgotten after', 2_001, -Infinity],
  ])('an idle lane %s', (_what, laterMs, notBeforeMs) => {
    const lanes = new Lanes(BOUNDS);
    lanes.enqueue(seatRequest());
    const [batch] = lanes.takeRound(100);
    batch?.lane.pauseUntil(12_345);
    lanes.takeRound(100 + laterMs);
    lanes.enqueue(seatRequest({}, { arrivedAtMs: 20_000 }));
    const [again] = lanes.takeRound(20_000);
    expect(again?.lane.notBeforeMs).toBe(notBeforeMs);
  });

  it('have bounds that keep a full round below one batch of MongoDB', () => {
    expect(LANE_BOUNDS.slotsPerRound).toBeLessThanOrEqual(1_000);
    expect(LANE_BOUNDS.requestsPerSlotAndRound).toBeLessThanOrEqual(LANE_BOUNDS.requestsPerLane);
    expect(LANE_BOUNDS.requestsPerLane).toBeLessThanOrEqual(LANE_BOUNDS.requestsInAll);
  });
});
