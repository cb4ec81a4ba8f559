/**
 * Goal: what the file says happens in the order of the simulated day, at the minutes promised.
 * Method: single arrivals at the edges of the rules, and their minutes counted by hand.
 */
import { type Arrival } from './arrivals';
import { channelOf } from './channel';
import { cutIntoWindows, planDay, presentMinute } from './timeline';

const NINE = 540;

function arrival(change: Partial<Arrival>): Arrival {
  return {
    row: 1,
    line: 2,
    minute: 500,
    doctorId: 'sim-dr-01',
    start: '09:00',
    startMinute: NINE,
    endMinute: NINE + 60,
    type: 'ONLINE',
    patient: 'Patient 0001',
    outcome: 'SHOW',
    ...change,
  };
}

function planned(...arrivals: Arrival[]): string[] {
  return planDay(arrivals, 7).map(
    ({ minute, kind, arrival: { row } }) => `${minute} ${kind} ${row}`,
  );
}

describe('the plan of the day', () => {
  it.each([
    ['half-way to the start', 500, '520 CANCEL 1'],
    ['half-way to the start, rounded down', 501, '520 CANCEL 1'],
    ['half-way to the end after a start that is past', 550, '575 CANCEL 1'],
    ['half-way to the end at the start itself', 540, '570 CANCEL 1'],
  ])('cancels %s', (_, minute, step) => {
    expect(planned(arrival({ minute, outcome: 'CANCEL', type: 'PAID' }))[1]).toBe(step);
  });

  it.each([
    ['10 minutes after the start', 400, '550 NOSHOW 1'],
    ['10 minutes after a booking in a running slot', 570, '580 NOSHOW 1'],
  ])('marks a no-show %s', (_, minute, step) => {
    expect(planned(arrival({ minute, outcome: 'NOSHOW', type: 'WALKIN' }))[1]).toBe(step);
  });

  it('checks in at once who stands at the desk', () => {
    expect(planned(arrival({ minute: 533, type: 'WALKIN' }))).toEqual([
      '533 BOOK 1',
      '533 CHECK_IN 1',
    ]);
  });

  it('lets those come about the start who asked from home, never before they have asked', () => {
    const offsets = Array.from({ length: 2_000 }, (_, row) =>
      presentMinute(arrival({ row, minute: 100 }), 7),
    ).map((minute) => minute - NINE);
    const mean = offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length;
    expect(mean).toBeCloseTo(-10, 0);
    // 84.4 % were early in the clinics that the figure comes from.
    expect(offsets.filter((offset) => offset < 0).length / offsets.length).toBeCloseTo(0.84, 1);
    for (let row = 0; row < 200; row++)
      expect(presentMinute(arrival({ row, minute: 535 }), 7)).toBeGreaterThanOrEqual(535);
  });

  it('orders by minute, then by the file, and an arrival keeps its own order', () => {
    const arrivals = [
      arrival({ row: 1, minute: 550, type: 'WALKIN' }),
      arrival({ row: 2, minute: 500, outcome: 'NOSHOW' }),
      arrival({ row: 3, minute: 550, type: 'EMERGENCY' }),
    ];
    expect(planned(...arrivals)).toEqual([
      '500 BOOK 2',
      '550 BOOK 1',
      '550 CHECK_IN 1',
      '550 NOSHOW 2',
      '550 BOOK 3',
      '550 CHECK_IN 3',
    ]);
  });

  it('is cut into windows that lose nothing and skip what is empty', () => {
    const steps = planDay(
      [500, 504, 505, 533].map((minute, at) => arrival({ row: at + 1, minute, type: 'WALKIN' })),
      7,
    );
    const windows = cutIntoWindows(steps, 5);
    expect(windows.map(({ from, to, steps: { length } }) => [from, to, length])).toEqual([
      [500, 505, 4],
      [505, 510, 2],
      [530, 535, 2],
    ]);
    expect(windows.flatMap((window) => window.steps)).toEqual(steps);
  });
});

describe('the channel', () => {
  it.each([
    ['ONLINE', 539, 'patient-api'],
    ['WALKIN', 100, 'desk-api'],
    ['EMERGENCY', 540, 'desk-api'],
    ['PAID', 480, 'patient-api'],
    ['PAID', 481, 'desk-api'],
    ['FOLLOWUP', 480, 'patient-api'],
    ['FOLLOWUP', 560, 'desk-api'],
  ] as const)('of %s at minute %d is %s', (type, minute, channel) => {
    expect(channelOf(arrival({ type, minute }))).toBe(channel);
  });
});
