/**
 * Goal: every patient has a phone number of his own that the APIs take and that is nobody's.
 * Method: the contract's own shape, and the numbers of days that follow each other.
 */
import { Phone } from '@opd/contracts';
import { MAX_ARRIVALS } from './arrivals';
import { PatientIndex, phoneOf } from './patients';
import { arrivalFor } from './testing';

describe('a phone number', () => {
  it.each([1, 1_500, MAX_ARRIVALS])(
    'of patient %d is E.164 and of no real subscriber',
    (number) => {
      const phone = phoneOf(number, '2027-01-04');
      expect(Phone.safeParse(phone).success).toBe(true);
      expect(phone).toMatch(/^\+910000\d{6}$/);
    },
  );

  it('belongs to one patient, over days that follow each other', () => {
    const phones = new Set<string>();
    const days = ['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02'];
    for (const day of days)
      for (const number of [1, 2, 999, MAX_ARRIVALS]) phones.add(phoneOf(number, day));
    expect(phones.size).toBe(4 * days.length);
  });
});

describe('the patients of a file', () => {
  const arrivals = ['Patient 0001', 'Patient 0002', 'PATIENT 0001'].map((patient, at) =>
    arrivalFor({ row: at + 1, patient }),
  );
  const patients = new PatientIndex(arrivals, '2027-01-04');
  const [first, second, third] = arrivals.map((arrival) => patients.of(arrival));

  it('are one each by name, in whatever case', () => {
    expect(third).toEqual(first);
    expect(second?.phone).not.toBe(first?.phone);
  });

  it('keep the name of the file', () => {
    expect(second?.name).toBe('Patient 0002');
  });
});
