/**
 * Goal: a request is answered once, at its deadline at the latest, and its refusal waits for as
 * long as a lost write of it may still match. Method: every order of sent, refused and seen.
 */
import { REQUEST_DEADLINE_MS, SeatRequest, type SeatAnswer } from './seat-request';
import { seatRequest, seatWish } from '../testing/records';

const BUSY: SeatAnswer = { outcome: 'REFUSED', refusal: { code: 'SLOT_BUSY' } };
const UNKNOWN: SeatAnswer = { outcome: 'UNKNOWN' };
const NOTHING_SENT: SeatAnswer = { outcome: 'UNAVAILABLE', code: 'STORE_UNAVAILABLE' };

describe('the answer', () => {
  it('is the first one given', async () => {
    const request = seatRequest();
    request.answer(BUSY);
    request.answer(UNKNOWN);
    request.expire();
    expect(await request.answered).toEqual(BUSY);
  });

  it('is at the deadline that no write was sent, where none was', async () => {
    const request = seatRequest();
    request.expire();
    expect(await request.answered).toEqual(NOTHING_SENT);
  });

  it('is at the deadline that the outcome is not known, where a write got lost', async () => {
    const request = seatRequest();
    request.writeSent(0);
    request.expire();
    expect(await request.answered).toEqual(UNKNOWN);
  });

  it('is due 2.5 s after the arrival', () => {
    expect(REQUEST_DEADLINE_MS).toBe(2_500);
    expect(seatRequest({}, { arrivedAtMs: 300 }).deadlineMs).toBe(2_800);
  });
});

describe('a request is dropped', () => {
  it.each([
    [0, false],
    [2_499.9, false],
    [2_500, true],
    [9_000, true],
  ])('at %d ms: %s, by its deadline', (nowMs, isDropped) => {
    expect(seatRequest().isDropped(nowMs)).toBe(isDropped);
  });

  it('once it is answered', () => {
    const request = seatRequest();
    request.answer(BUSY);
    expect(request.isDropped(0)).toBe(true);
  });

  it('once its client has gone, and not before', () => {
    const client = new AbortController();
    const arrival = { arrivedAtMs: 0, clientGone: client.signal };
    const request = new SeatRequest(seatWish(), arrival);
    expect(request.isDropped(0)).toBe(false);
    client.abort();
    expect(request.isDropped(0)).toBe(true);
  });
});

describe('the guard of a lost write', () => {
  type Event = ['sent', number] | ['refused'] | ['seen', number];
  const ROWS: [name: string, events: Event[], guard: number | undefined][] = [
    ['is not there before a write', [], undefined],
    ['is the version of the write', [['sent', 4]], 4],
    [
      'stays while the slot is at that version',
      [
        ['sent', 4],
        ['seen', 4],
      ],
      4,
    ],
    [
      'stays while an older version is seen',
      [
        ['sent', 4],
        ['seen', 3],
      ],
      4,
    ],
    [
      'is gone once the slot is above it',
      [
        ['sent', 4],
        ['seen', 5],
      ],
      undefined,
    ],
    ['is gone once the write is refused', [['sent', 4], ['refused']], undefined],
    [
      'is 0 for the first write of a slot',
      [
        ['sent', 0],
        ['seen', 0],
      ],
      0,
    ],
    [
      'is the later of two',
      [
        ['sent', 4],
        ['sent', 6],
      ],
      6,
    ],
    [
      'is the earlier one again, when the later is refused',
      [['sent', 4], ['sent', 4], ['refused']],
      4,
    ],
    [
      'of both is gone above the later',
      [
        ['sent', 4],
        ['sent', 6],
        ['seen', 7],
      ],
      undefined,
    ],
    [
      'stays between the two',
      [
        ['sent', 4],
        ['sent', 6],
        ['seen', 5],
      ],
      6,
    ],
  ];

  it.each(ROWS)('%s', (_name, events, guard) => {
    const request = seatRequest();
    for (const [what, version = 0] of events) {
      if (what === 'sent') request.writeSent(version);
      if (what === 'refused') request.writeRefused();
      if (what === 'seen') request.versionSeen(version);
    }
    expect(request.guardOfLostWrite).toBe(guard);
    expect(request.hasLostWrite).toBe(guard !== undefined);
  });
});
