/**
 * Goal: waiting times are those of the queue that the report describes.
 * Method: doors with a few patients, played by hand on paper.
 */
import { type Tier } from '@opd/capacity-core';
import { ConsultingRoom, serviceMinutesOf, sessionStarts, type WaitingPatient } from './waiting';

const NINE = 540;

function patient(
  row: number,
  presentMinute: number,
  change: Partial<WaitingPatient> = {},
): WaitingPatient {
  return {
    row,
    tier: 'STANDARD',
    tokenNumber: row,
    presentMinute,
    slotStartMinute: NINE,
    sessionStartMinute: NINE,
    serviceMinutes: 6,
    ...change,
  };
}

/** Row, start, end and wait of everybody who is called before the minute. */
function play(patients: WaitingPatient[], minute = Number.POSITIVE_INFINITY): number[][] {
  const room = new ConsultingRoom();
  for (const each of patients) room.seat(each);
  return room
    .advanceTo(minute)
    .map(({ row, startsMinute, endsMinute, waitMinutes }) => [
      row,
      startsMinute,
      endsMinute,
      waitMinutes,
    ]);
}

describe('the door of a doctor', () => {
  it('serves a morning as counted by hand', () => {
    const critical: Tier = 'CRITICAL';
    const morning = [
      patient(1, 530), // There early: waits for nobody but the clock, and that is his own time.
      patient(2, 535, { serviceMinutes: 10 }), // 540 to 546 is taken: 546 to 556, waited 6.
      patient(3, 545), // At 556 the emergency goes before him: 560 to 566, waited 15.
      patient(4, 550, { tier: critical, serviceMinutes: 4 }), // 556 to 560, waited 6.
      patient(5, 580), // The doctor idles from 566 on: waited 0.
      patient(6, 581, { tier: critical }), // Consultations are not interrupted: 586, waited 5.
    ];
    expect(play(morning)).toEqual([
      [1, 540, 546, 0],
      [2, 546, 556, 6],
      [4, 556, 560, 6],
      [3, 560, 566, 15],
      [5, 580, 586, 0],
      [6, 586, 592, 5],
    ]);
  });

  it('calls by token number and not by who came first', () => {
    const patients = [patient(1, 530, { tokenNumber: 2 }), patient(2, 539, { tokenNumber: 1 })];
    expect(play(patients).map(([row]) => row)).toEqual([2, 1]);
  });

  it('calls the earlier slot first, and the next one before its time when nobody else is there', () => {
    const ten = { slotStartMinute: 600 };
    const patients = [
      patient(1, 590, { ...ten, tokenNumber: 1 }),
      patient(2, 590, { tokenNumber: 9 }),
      patient(3, 612, { ...ten, tokenNumber: 2 }),
    ];
    expect(play(patients)).toEqual([
      [2, 590, 596, 0],
      [1, 596, 602, 0],
      [3, 612, 618, 0],
    ]);
  });

  it('calls nobody before his session begins, and works on over the end of the one before', () => {
    const afternoon = { slotStartMinute: 840, sessionStartMinute: 840 };
    const patients = [
      patient(1, 775, { slotStartMinute: 720, serviceMinutes: 70 }),
      patient(2, 800, afternoon),
    ];
    expect(play(patients)).toEqual([
      [1, 775, 845, 0],
      [2, 845, 851, 5],
    ]);
    expect(play([patient(2, 800, afternoon)])).toEqual([[2, 840, 846, 0]]);
  });

  it('gives the same day in steps as in one go', () => {
    const patients = Array.from({ length: 40 }, (_, row) =>
      patient(row, 500 + 2 * row, {
        tier: row % 7 === 0 ? 'CRITICAL' : 'STANDARD',
        serviceMinutes: serviceMinutesOf(row, 7),
      }),
    );
    const room = new ConsultingRoom();
    const inSteps: number[] = [];
    for (let minute = 500; minute < 900; minute++) {
      for (const each of patients) if (each.presentMinute === minute) room.seat(each);
      inSteps.push(...room.advanceTo(minute + 1).map(({ row }) => row));
    }
    expect(inSteps).toHaveLength(40);
    expect(inSteps).toEqual(play(patients).map(([row]) => row));
  });

  it('leaves for later who is called at the minute itself', () => {
    expect(play([patient(1, 530)], 540)).toEqual([]);
    expect(play([patient(1, 530)], 541)).toHaveLength(1);
  });
});

describe('the sessions of a day', () => {
  it('are slots without a gap', () => {
    const sessions = sessionStarts([840, 540, 600, 540, 660, 900], 60);
    expect([...sessions]).toEqual([
      [540, 540],
      [600, 540],
      [660, 540],
      [840, 840],
      [900, 840],
    ]);
  });
});
