/**
 * Goal: what crosses the border is well formed, and a message says what is allowed.
 * Method: tables of accepted and refused values for each field, among them days that do not exist
 * and what an attacker sends instead of a string.
 */
import type { z } from 'zod';
import { IdempotencyKey } from './booking';
import {
  DoctorId,
  Instant,
  LocalDate,
  LocalTime,
  OpaqueId,
  page,
  PersonName,
  Phone,
  SlotId,
} from './fields';
import { CapacityShape } from './slot';

type Table = [name: string, field: z.ZodType, accepted: unknown[], refused: unknown[]];

const NOT_STRINGS = [undefined, null, 7, true, [], {}, ['a'], { $ne: null }, { $gt: '' }];
const long = (length: number) => 'a'.repeat(length);

const TABLES: Table[] = [
  [
    'LocalDate',
    LocalDate,
    ['2026-11-24', '2028-02-29', '2000-02-29', '2026-12-31'],
    [
      ...['2026-02-29', '2026-02-30', '2100-02-29', '2026-04-31', '2026-13-01', '2026-00-10'],
      ...['2026-11-00', '2026-11-32', '2026-1-4', '24-11-2026', '2026/11/24', '20261124', ''],
      ...['2026-11-24T00:00:00Z', ' 2026-11-24', '2026-11-24 ', '2026-11-24\n', 'today'],
    ],
  ],
  [
    'LocalTime',
    LocalTime,
    ['00:00', '09:00', '13:45', '23:59'],
    ['24:00', '9:00', '09:60', '0900', '09:00:00', '09.00', '', ' 09:00', '09:00\n'],
  ],
  [
    'Instant',
    Instant,
    ['2026-11-24T03:30:00.000Z'],
    ['2026-11-24', '2026-11-24T03:30:00', '2026-02-30T03:30:00.000Z', '2026-11-24T25:00:00.000Z'],
  ],
  [
    'Phone',
    Phone,
    ['+919876543210', '+4930123456', '+1234567', '+123456789012345'],
    [
      ...['9876543210', '+0919876543210', '+123456', '+1234567890123456', '+91 98765 43210'],
      ...['+91-9876543210', '+91987654321O', '', '+', '+919876543210\n', '00919876543210'],
    ],
  ],
  [
    'DoctorId',
    DoctorId,
    ['dr-rao', 'a', '0', long(40)],
    ['', 'Dr-Rao', 'dr rao', 'dr_rao', 'dr-rao\n', 'dr-räo', long(41), '../x', '{x}'],
  ],
  ['SlotId', SlotId, ['dr-rao_2026-11-24_0900', 'nowhere', long(80)], ['', long(81)]],
  ['OpaqueId', OpaqueId, ['b-1', long(64)], ['', long(65)]],
  [
    'IdempotencyKey',
    IdempotencyKey,
    ['a', '!', '~', '7f3e-42', long(255)],
    ['', ' ', 'a b', 'a\tb', 'a\n', 'ä', '\u007f', long(256)],
  ],
];

describe.each(TABLES)('%s', (_name, field, accepted, refused) => {
  it.each(accepted.map((value) => [value]))('accepts %j', (value) => {
    expect(field.parse(value)).toBe(value);
  });

  it.each([...refused, ...NOT_STRINGS].map((value) => [value]))('refuses %j', (value) => {
    expect(field.safeParse(value).success).toBe(false);
  });
});

describe('PersonName', () => {
  it.each([
    ['Asha Rao', 'Asha Rao'],
    ['  Asha   Rao ', 'Asha Rao'],
    ['Asha\t\nRao', 'Asha Rao'],
    ['Asha\u00a0Rao', 'Asha Rao'],
    ["O'Neil-Smith Jr.", "O'Neil-Smith Jr."],
    ['Jose\u0301', 'Jos\u00e9'],
    ['आशा राव', 'आशा राव'],
    // Kannada and Malayalam are spelt with the joiners.
    ['ರ\u200d್ಯ', 'ರ\u200d್ಯ'],
    ['न്\u200cമ', 'न്\u200cമ'],
    ['李', '李'],
    [`${' '.repeat(500)}Asha`, 'Asha'],
    [long(100), long(100)],
  ])('makes of %j: %j', (sent, name) => {
    expect(PersonName.parse(sent)).toBe(name);
  });

  it('gives the same name for every way to type it', () => {
    const typed = ['Asha Rao', ' Asha Rao', 'Asha  Rao', 'Asha\u2003Rao\n'];
    expect(new Set(typed.map((name) => PersonName.parse(name))).size).toBe(1);
  });

  it.each(
    [
      ...['', '   ', '\n', long(101), 'a\u0000b', 'a\u0007b', 'a\u202eb', 'a\u200bb'],
      ...['<b>Asha</b>', 'a>b', '\u200d', '--', ...NOT_STRINGS],
    ].map((value) => [value]),
  )('refuses %j', (value) => {
    expect(PersonName.safeParse(value).success).toBe(false);
  });
});

describe('bounds of what can be stored', () => {
  it('holds for names written in signs that stand for whole sentences', () => {
    expect(PersonName.safeParse('\ufdfa'.repeat(7)).success).toBe(true);
    expect(PersonName.safeParse('\ufdfa'.repeat(23)).success).toBe(false);
  });

  it('holds for days that no calendar of the clinic reaches', () => {
    expect(LocalDate.safeParse('2199-12-31').success).toBe(true);
    expect(LocalDate.safeParse('9999-12-20').success).toBe(false);
  });
});

describe('CapacityShape', () => {
  const TEN = { base: 10, premiumBuffer: 2, emergencyBuffer: 3 };

  it.each([
    [TEN],
    [{ base: 1, premiumBuffer: 0, emergencyBuffer: 0 }],
    [{ base: 200, premiumBuffer: 100, emergencyBuffer: 100 }],
  ])('accepts %j', (capacity) => {
    expect(CapacityShape.parse(capacity)).toEqual(capacity);
  });

  it.each([
    [{ ...TEN, base: 0 }, 'base', 'must be 1 to 200'],
    [{ ...TEN, base: 201 }, 'base', 'must be 1 to 200'],
    [{ ...TEN, premiumBuffer: -1 }, 'premiumBuffer', 'must be 0 to 100'],
    [{ ...TEN, premiumBuffer: 101 }, 'premiumBuffer', 'must be 0 to 100'],
    [{ ...TEN, emergencyBuffer: -1 }, 'emergencyBuffer', 'must be 0 to 100'],
    [{ ...TEN, emergencyBuffer: 101 }, 'emergencyBuffer', 'must be 0 to 100'],
  ])('refuses %j and says what is allowed', (capacity, field, message) => {
    const { error } = CapacityShape.safeParse(capacity);
    expect(error?.issues).toMatchObject([{ path: [field], message }]);
  });

  it.each([
    [{ ...TEN, base: 10.5 }],
    [{ ...TEN, base: '10' }],
    [{ ...TEN, base: NaN }],
    [{ ...TEN, base: Infinity }],
    [{ ...TEN, base: null }],
    [{ ...TEN, vip: 1 }],
    [{ base: 10, premiumBuffer: 2 }],
    [{}],
    [null],
    [[10, 2, 3]],
  ])('refuses %j', (capacity) => {
    expect(CapacityShape.safeParse(capacity).success).toBe(false);
  });
});

describe('page', () => {
  it('holds items, and a cursor while more follows', () => {
    const names = page(PersonName);
    expect(names.parse({ items: ['Asha'] })).toEqual({ items: ['Asha'] });
    expect(names.parse({ items: [], nextCursor: 'c' })).toEqual({ items: [], nextCursor: 'c' });
    expect(names.safeParse({ items: [''] }).success).toBe(false);
  });
});
