/**
 * Goal: a body is taken exactly as the HTTP contract has it, or not at all: before anything is
 * touched, nothing unknown passes, and nothing but text where text belongs.
 * Method: one good body per request. Each is then spoilt in every place: a field more (at every
 * depth), a field less, and an operator, a list, a number or nothing where each value stands.
 */
import type { z } from 'zod';
import { CancelRequest, DeskBookingRequest, EmptyRequest, OwnBookingRequest } from './booking';
import { AddDoctorRequest } from './doctor';
import { PatientSignInRequest, SendCodeRequest, StaffSignInRequest } from './identity';
import { ChangeSlotRequest, OpenRangeRequest, OpenSlotRequest, SetDelayRequest } from './slot';

const CAPACITY = { base: 10, premiumBuffer: 2, emergencyBuffer: 3 };
const SLOT_ID = 'dr-rao_2026-11-24_0900';
const PATIENT = { name: 'Asha Rao', phone: '+919876543210' };

interface Example {
  name: string;
  shape: z.ZodType;
  body: object;
  optional?: string[];
}

const EXAMPLES: Example[] = [
  { name: 'SendCodeRequest', shape: SendCodeRequest, body: { phone: PATIENT.phone } },
  {
    name: 'PatientSignInRequest',
    shape: PatientSignInRequest,
    body: { phone: PATIENT.phone, code: '012345', name: PATIENT.name },
    optional: ['name'],
  },
  {
    name: 'StaffSignInRequest',
    shape: StaffSignInRequest,
    body: { username: 'desk', password: 'a secret' },
  },
  { name: 'OwnBookingRequest', shape: OwnBookingRequest, body: { slotId: SLOT_ID, type: 'PAID' } },
  {
    name: 'DeskBookingRequest by name',
    shape: DeskBookingRequest,
    body: { slotId: SLOT_ID, type: 'EMERGENCY', patient: PATIENT },
  },
  {
    name: 'DeskBookingRequest by id',
    shape: DeskBookingRequest,
    body: { slotId: SLOT_ID, type: 'WALKIN', patientId: 'p-1' },
  },
  { name: 'CancelRequest', shape: CancelRequest, body: { reason: 'ill' }, optional: ['reason'] },
  { name: 'EmptyRequest', shape: EmptyRequest, body: {} },
  {
    name: 'AddDoctorRequest',
    shape: AddDoctorRequest,
    body: { doctorId: 'dr-rao', name: 'Dr Rao', specialty: 'General medicine', room: '12' },
    optional: ['room'],
  },
  {
    name: 'OpenSlotRequest',
    shape: OpenSlotRequest,
    body: {
      ...{ doctorId: 'dr-rao', date: '2026-11-24', start: '09:00', end: '10:00' },
      capacity: CAPACITY,
    },
    optional: ['capacity'],
  },
  {
    name: 'OpenRangeRequest',
    shape: OpenRangeRequest,
    body: {
      ...{ doctorId: 'dr-rao', from: '2026-11-24', days: 7, weekdays: [1, 2, 3, 4, 5] },
      ranges: [{ start: '09:00', end: '13:00' }],
      ...{ slotMinutes: 60, capacity: CAPACITY },
    },
    optional: ['capacity'],
  },
  {
    name: 'ChangeSlotRequest',
    shape: ChangeSlotRequest,
    body: { status: 'CLOSED', capacity: CAPACITY },
    optional: ['status', 'capacity'],
  },
  {
    name: 'SetDelayRequest',
    shape: SetDelayRequest,
    body: { isDelayed: true, delayMinutes: 20 },
    optional: ['delayMinutes'],
  },
];

type Path = (string | number)[];

/** Every place in a body, depth first, with whether an object stands there. */
function places(value: unknown, path: Path = []): { path: Path; isObject: boolean }[] {
  if (typeof value !== 'object' || value === null) return [{ path, isObject: false }];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    places(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [{ path, isObject: !Array.isArray(value) }, ...inner];
}

/** The body with the value at `path` replaced; `undefined` takes the field away. */
function withValue(body: unknown, [head, ...rest]: Path, value: unknown): unknown {
  if (head === undefined) return value;
  const copy = structuredClone(body) as Record<string | number, unknown>;
  copy[head] = withValue(copy[head], rest, value);
  return copy;
}

const valueAt = (body: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], body);

const long = (length: number) => 'a'.repeat(length);
const WRONG = [null, { $ne: null }, { $gt: '' }, [], ['a'], 1e9, -1, 0.5, long(600)];

describe.each(EXAMPLES)('$name', ({ shape, body, optional = [] }) => {
  it('takes a good body as it is', () => {
    expect(shape.parse(body)).toEqual(body);
  });

  it('takes no field that it does not know, at any depth', () => {
    for (const { path } of places(body).filter(({ isObject }) => isObject)) {
      const more = { ...(valueAt(body, path) as object), tier: 'CRITICAL' };
      const { error } = shape.safeParse(withValue(body, path, more));
      expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', path }]);
    }
  });

  it('needs each field but the optional ones', () => {
    for (const field of Object.keys(body)) {
      const { success } = shape.safeParse(withValue(body, [field], undefined));
      expect({ field, success }).toEqual({ field, success: optional.includes(field) });
    }
  });

  it('takes nothing else where a value belongs', () => {
    for (const { path } of places(body).filter(({ path }) => path.length > 0))
      for (const wrong of WRONG) {
        const { success } = shape.safeParse(withValue(body, path, wrong));
        expect({ path, wrong, success }).toEqual({ path, wrong, success: false });
      }
  });

  it.each([undefined, null, 'text', 7, [], [body]].map((value) => [value]))(
    'takes no %j for a body',
    (value) => {
      expect(shape.safeParse(value).success).toBe(false);
    },
  );

  it('takes no __proto__ for a field', () => {
    const sent = JSON.stringify(body).replace(
      '{',
      `{"__proto__":{"tier":1}${Object.keys(body).length ? ',' : ''}`,
    );
    const parsed = shape.safeParse(JSON.parse(sent));
    expect((parsed.data as { tier?: unknown } | undefined)?.tier).toBeUndefined();
  });
});

const refusal = (shape: z.ZodType, body: unknown) =>
  shape.safeParse(body).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('types', () => {
  it.each(['WALK_IN', 'online', 'PAID ', 'STANDARD', 'CRITICAL', ''])('refuse %j', (type) => {
    expect(OwnBookingRequest.safeParse({ slotId: SLOT_ID, type }).success).toBe(false);
  });
});

describe('DeskBookingRequest', () => {
  const message = 'must name the patient once: either patient { name, phone } or patientId';

  it.each([{}, { patient: PATIENT, patientId: 'p-1' }])('refuses %j', (named) => {
    expect(refusal(DeskBookingRequest, { slotId: SLOT_ID, type: 'PAID', ...named })).toEqual([
      `patient ${message}`,
    ]);
  });

  it('joins the spaces of a name', () => {
    const patient = { ...PATIENT, name: ' Asha   Rao ' };
    expect(DeskBookingRequest.parse({ slotId: SLOT_ID, type: 'PAID', patient })).toMatchObject({
      patient: PATIENT,
    });
  });
});

describe('times', () => {
  const slot = { doctorId: 'dr-rao', date: '2026-11-24' };

  it.each([
    ['10:00', '09:00'],
    ['09:00', '09:00'],
  ])('a slot from %s to %s is refused', (start, end) => {
    expect(refusal(OpenSlotRequest, { ...slot, start, end })).toEqual(['end must lie after start']);
  });

  it('a slot on a day that does not exist is refused', () => {
    const body = { ...slot, date: '2026-02-30', start: '09:00', end: '10:00' };
    expect(refusal(OpenSlotRequest, body)).toEqual(['date must be a calendar day as YYYY-MM-DD']);
  });
});

describe('OpenRangeRequest', () => {
  const good = {
    ...{ doctorId: 'dr-rao', from: '2026-11-24', days: 7, weekdays: [1], slotMinutes: 60 },
    ranges: [{ start: '09:00', end: '13:00' }],
  };

  it.each<[object, string]>([
    [{ days: 0 }, 'days must be 1 to 31'],
    [{ days: 32 }, 'days must be 1 to 31'],
    [{ weekdays: [] }, 'weekdays must name at least one weekday'],
    [{ weekdays: [0] }, 'weekdays.0 must be 1 (Monday) to 7'],
    [{ weekdays: [8] }, 'weekdays.0 must be 1 to 7 (Sunday)'],
    [{ ranges: [] }, 'ranges must name at least one range'],
    [{ ranges: Array(13).fill(good.ranges[0]) }, 'ranges must name at most 12 ranges'],
    [{ ranges: [{ start: '13:00', end: '09:00' }] }, 'ranges.0.end must lie after start'],
    [{ slotMinutes: 4 }, 'slotMinutes must be 5 to 720'],
    [{ slotMinutes: 721 }, 'slotMinutes must be 5 to 720'],
  ])('refuses %j', (change, message) => {
    expect(refusal(OpenRangeRequest, { ...good, ...change })).toEqual([message]);
  });

  it.each([{ days: 1 }, { days: 31 }, { slotMinutes: 5 }, { weekdays: [7] }])(
    'takes %j',
    (change) => {
      expect(OpenRangeRequest.safeParse({ ...good, ...change }).success).toBe(true);
    },
  );
});

describe('ChangeSlotRequest', () => {
  it('refuses a change of nothing', () => {
    expect(refusal(ChangeSlotRequest, {})).toEqual([' must name status, capacity or both']);
  });

  it('refuses a capacity in part', () => {
    expect(ChangeSlotRequest.safeParse({ capacity: { base: 5 } }).success).toBe(false);
  });
});

describe('SetDelayRequest', () => {
  it.each([
    { isDelayed: true },
    { isDelayed: true, delayMinutes: 0 },
    { isDelayed: true, delayMinutes: 720 },
    { isDelayed: false },
    { isDelayed: false, delayMinutes: 0 },
  ])('takes %j', (body) => {
    expect(SetDelayRequest.parse(body)).toEqual(body);
  });

  it.each([
    [{ isDelayed: true, delayMinutes: 721 }, 'delayMinutes must be 0 to 720'],
    [
      { isDelayed: false, delayMinutes: 5 },
      'delayMinutes must be 0 or absent where isDelayed is false',
    ],
  ])('refuses %j', (body, message) => {
    expect(refusal(SetDelayRequest, body)).toEqual([message]);
  });
});

describe('PatientSignInRequest', () => {
  it.each(['12345', '1234567', '12345a', '١٢٣٤٥٦', ' 12345', '123456\n'])(
    'refuses the code %j',
    (code) => {
      expect(refusal(PatientSignInRequest, { phone: PATIENT.phone, code })).toEqual([
        'code must be the 6 digits that were sent',
      ]);
    },
  );
});

describe('CancelRequest', () => {
  it('trims a reason, and takes 200 characters of it', () => {
    expect(CancelRequest.parse({ reason: '  ill ' })).toEqual({ reason: 'ill' });
    expect(CancelRequest.safeParse({ reason: long(200) }).success).toBe(true);
    expect(CancelRequest.safeParse({ reason: long(201) }).success).toBe(false);
  });
});
