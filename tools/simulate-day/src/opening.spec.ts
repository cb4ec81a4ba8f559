/**
 * Goal: exactly the slots that the file names are asked for when the clinic is opened.
 * Method: arrivals in slots with and without gaps.
 */
import { slotRanges } from './opening';
import { arrivalFor } from './testing';

describe('the hours of a doctor', () => {
  it('join slots without a gap, whatever their order in the file', () => {
    const arrivals = [840, 540, 660, 600, 540].map((startMinute) =>
      arrivalFor({ startMinute, endMinute: startMinute + 60 }),
    );
    expect(slotRanges(arrivals)).toEqual([
      { start: '09:00', end: '12:00' },
      { start: '14:00', end: '15:00' },
    ]);
  });

  it('never grow over a gap, however small', () => {
    const arrivals = [540, 601].map((startMinute) =>
      arrivalFor({ startMinute, endMinute: startMinute + 60 }),
    );
    expect(slotRanges(arrivals)).toEqual([
      { start: '09:00', end: '10:00' },
      { start: '10:01', end: '11:01' },
    ]);
  });
});
