/**
 * Goal: every route of the administrators' API answers as the HTTP contract says, and no change of a
 * slot moves anybody who is booked.
 * Method: the real APIs on real MongoDB and Redis, asked over HTTP; replies are parsed with the
 * contracts and may hold nothing beside them, refusals are compared member by member.
 */
import { Doctor, DoctorPage, OpenRangeReply, Slot, SlotPage } from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import { auditSlots, Clinic, clinicEnv } from '@opd/testing';
import { createAdminApi } from './admin-api';

jest.setTimeout(60_000);

let clinic: Clinic;

beforeAll(async () => {
  const env = clinicEnv();
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
});

afterAll(async () => {
  const findings = await auditSlots(clinic.db);
  await clinic.close();
  expect(findings).toEqual([]);
});

function patch({ slotId }: { slotId: string }, body: unknown) {
  return clinic.admin.send(`PATCH /v1/slots/${slotId}`, { body });
}

function delay({ slotId }: { slotId: string }, body: unknown) {
  return clinic.admin.send(`PUT /v1/slots/${slotId}/delay`, { body });
}

function delayDay(doctorId: string, date: string, body: unknown) {
  return clinic.admin.send(`PUT /v1/doctors/${doctorId}/days/${date}/delay`, { body });
}

describe('the demo', () => {
  it('has three doctors with slots for today and a week, from nine to one and two to six', async () => {
    const doctors = (await clinic.admin.get('/v1/doctors')).read(200, DoctorPage);
    expect(doctors.items.map(({ doctorId }) => doctorId)).toEqual([
      'dr-iyer',
      'dr-mehta',
      'dr-rao',
    ]);
    const slots = await clinic.admin.get('/v1/doctors/dr-iyer/slots?days=31&limit=200');
    const { items } = slots.read(200, SlotPage);
    expect(items).toHaveLength(8 * 8);
    expect(new Set(items.map(({ start }) => start)).size).toBe(8);
    expect([items[0]?.date, items.at(-1)?.date]).toEqual([clinic.day(), clinic.day(7)]);
  });
});

describe('doctors', () => {
  it('are added once', async () => {
    const doctor = { doctorId: 'doctor-once', name: 'Test  Doctor', specialty: 'Tests', room: '1' };
    const added = (await clinic.admin.post('/v1/doctors', doctor)).read(201, Doctor);
    expect(added).toEqual({ ...doctor, name: 'Test Doctor' });
    const again = await clinic.admin.post('/v1/doctors', doctor);
    again.assertRefused(409, 'ALREADY_EXISTS');
  });

  it('racing for one id, one is added', async () => {
    const doctor = { doctorId: 'doctor-race', name: 'Test Doctor', specialty: 'Tests' };
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => clinic.admin.post('/v1/doctors', doctor)),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ code }) => code === 'ALREADY_EXISTS')).toHaveLength(19);
  });

  it.each([
    [{}, ['doctorId', 'name', 'specialty']],
    [{ doctorId: 'Dr X', name: 'X', specialty: 'X' }, ['doctorId']],
    [{ doctorId: { $gt: '' }, name: 'X', specialty: 'X' }, ['doctorId']],
    [{ doctorId: 'x', name: 'X', specialty: 'X', salary: 1 }, ['salary']],
  ])('refuses %j', async (body, paths) => {
    (await clinic.admin.post('/v1/doctors', body)).assertInvalid(...paths);
  });
});

const THREE_NUMBERS = ['capacity.base', 'capacity.premiumBuffer', 'capacity.emergencyBuffer'];

describe('opening one slot', () => {
  it('makes it with the usual capacity, or its own', async () => {
    const doctorId = await clinic.newDoctor();
    const date = clinic.day(1);
    const body = { doctorId, date, start: '09:00', end: '09:30' };
    const slot = (await clinic.admin.post('/v1/slots', body)).read(201, Slot);
    expect(slot).toEqual({
      ...body,
      slotId: `${doctorId}_${date}_0900`,
      startsAt: expect.any(String),
      endsAt: expect.any(String),
      status: 'OPEN',
      capacity: { base: 10, premiumBuffer: 2, emergencyBuffer: 3 },
      isDelayed: false,
      delayMinutes: 0,
      bookedCount: 0,
      limits: { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
      remaining: { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
    });
    expect(Date.parse(slot.endsAt) - Date.parse(slot.startsAt)).toBe(30 * 60_000);
    const capacity = { base: 200, premiumBuffer: 100, emergencyBuffer: 0 };
    const own = { ...body, start: '09:30', end: '10:00', capacity };
    const { limits } = (await clinic.admin.post('/v1/slots', own)).read(201, Slot);
    expect(limits).toEqual({ STANDARD: 200, PREMIUM: 300, CRITICAL: 300 });
  });

  it('refuses what is there, what overlaps, and a doctor who is not', async () => {
    const doctorId = await clinic.newDoctor();
    const body = { doctorId, date: clinic.day(1), start: '09:00', end: '10:00' };
    const { slotId } = (await clinic.admin.post('/v1/slots', body)).read(201, Slot);
    (await clinic.admin.post('/v1/slots', body)).assertRefused(409, 'ALREADY_EXISTS');
    const half = { ...body, start: '09:30', end: '10:30' };
    (await clinic.admin.post('/v1/slots', half)).assertRefused(409, 'SLOT_OVERLAPS', {
      slotId: `${doctorId}_${clinic.day(1)}_0930`,
      existingSlotId: slotId,
    });
    const nobodys = { ...body, doctorId: 'nobody' };
    (await clinic.admin.post('/v1/slots', nobodys)).assertRefused(404, 'NOT_FOUND');
  });

  it('racing with overlapping ones, one is opened', async () => {
    const doctorId = await clinic.newDoctor();
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        const body = { doctorId, date: clinic.day(1), start: `09:0${index}`, end: '10:00' };
        return clinic.admin.post('/v1/slots', body);
      }),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ code }) => code === 'SLOT_OVERLAPS')).toHaveLength(9);
  });

  it.each([
    [{ date: '2020-01-01' }, ['date']],
    [{ date: '2026-02-30' }, ['date']],
    [{ start: '10:00', end: '10:00' }, ['end']],
    [{ start: '24:00' }, ['start', 'end']],
    [{ capacity: { base: 0, premiumBuffer: 0, emergencyBuffer: 0 } }, ['capacity.base']],
    [{ capacity: { base: 201, premiumBuffer: 101, emergencyBuffer: -1 } }, THREE_NUMBERS],
    [{ capacity: { base: 10 } }, ['capacity.premiumBuffer', 'capacity.emergencyBuffer']],
    [{ bookedCount: 3 }, ['bookedCount']],
  ])('refuses %j', async (change, paths) => {
    const right = { doctorId: 'dr-rao', date: clinic.day(20), start: '09:00', end: '10:00' };
    (await clinic.admin.post('/v1/slots', { ...right, ...change })).assertInvalid(...paths);
  });
});

describe('opening a range', () => {
  const WEEK = [1, 2, 3, 4, 5, 6, 7];

  async function range(change: Record<string, unknown> = {}) {
    const right = {
      doctorId: await clinic.newDoctor(),
      from: clinic.day(1),
      days: 3,
      weekdays: WEEK,
      ranges: [{ start: '09:00', end: '11:15' }],
      slotMinutes: 30,
    };
    return { ...right, ...change };
  }

  it('opens what is missing, and nothing twice', async () => {
    const body = await range();
    const first = await clinic.admin.post('/v1/slots/open-range', body);
    expect(first.read(201, OpenRangeReply)).toEqual({ opened: 12, existing: 0 });
    const wider = { ...body, days: 4 };
    const second = await clinic.admin.post('/v1/slots/open-range', wider);
    expect(second.read(201, OpenRangeReply)).toEqual({ opened: 4, existing: 12 });
    const path = `/v1/doctors/${body.doctorId}/slots?from=${body.from}&days=4&limit=200`;
    const { items } = (await clinic.admin.get(path)).read(200, SlotPage);
    expect(items).toHaveLength(16);
  });

  it('opens everything once when three do it at the same time', async () => {
    const body = await range({ days: 31 });
    const replies = await Promise.all(
      [1, 2, 3].map(() => clinic.admin.post('/v1/slots/open-range', body)),
    );
    const opened = replies.map((reply) => reply.read(201, OpenRangeReply).opened);
    expect(opened.reduce((sum, count) => sum + count, 0)).toBe(31 * 4);
  });

  it('opens all or nothing', async () => {
    const body = await range();
    const { doctorId } = body;
    const there = { doctorId, date: clinic.day(3), start: '10:15', end: '10:45' };
    const { slotId: existingSlotId } = (await clinic.admin.post('/v1/slots', there)).read(
      201,
      Slot,
    );
    const reply = await clinic.admin.post('/v1/slots/open-range', body);
    const slotId = `${doctorId}_${clinic.day(3)}_1000`;
    reply.assertRefused(409, 'SLOT_OVERLAPS', { slotId, existingSlotId });
    const path = `/v1/doctors/${doctorId}/slots?from=${body.from}`;
    expect((await clinic.admin.get(path)).read(200, SlotPage).items).toHaveLength(1);
  });

  it.each([
    [{ days: 0 }, ['days']],
    [{ days: 32 }, ['days']],
    [{ weekdays: [] }, ['weekdays']],
    [{ weekdays: [0, 8] }, ['weekdays.0', 'weekdays.1']],
    [{ ranges: [] }, ['ranges']],
    [{ ranges: [{ start: '10:00', end: '09:00' }] }, ['ranges.0.end']],
    [{ slotMinutes: 4 }, ['slotMinutes']],
    [{ from: '2020-01-01' }, ['from']],
    [{ force: true }, ['force']],
  ])('refuses %j', async (change, paths) => {
    const body = await range(change);
    (await clinic.admin.post('/v1/slots/open-range', body)).assertInvalid(...paths);
  });
});

describe('changing a slot', () => {
  it('closes and opens it', async () => {
    const slot = await clinic.openSlot();
    const nothing = { STANDARD: 0, PREMIUM: 0, CRITICAL: 0 };
    const closed = (await patch(slot, { status: 'CLOSED' })).read(200, Slot);
    expect(closed).toEqual({ ...slot, status: 'CLOSED', remaining: nothing });
    (await clinic.bookAtDesk(slot.slotId, 'EMERGENCY')).assertRefused(409, 'SLOT_CLOSED');
    expect((await patch(slot, { status: 'OPEN' })).read(200, Slot)).toEqual(slot);
  });

  it('lowers the capacity only to where everybody booked still fits', async () => {
    const slot = await clinic.openSlot();
    await clinic.fill(slot.slotId, 'ONLINE', 'ONLINE', 'ONLINE');
    const small = { base: 1, premiumBuffer: 1, emergencyBuffer: 0 };
    const inUse = { bookedCount: 3, seats: 2 };
    (await patch(slot, { capacity: small })).assertRefused(409, 'CAPACITY_IN_USE', inUse);
    const fitting = { base: 1, premiumBuffer: 1, emergencyBuffer: 1 };
    const changed = (await patch(slot, { capacity: fitting })).read(200, Slot);
    expect(changed).toMatchObject({ capacity: fitting, bookedCount: 3 });
    expect(changed.remaining).toEqual({ STANDARD: 0, PREMIUM: 0, CRITICAL: 0 });
    const wide = { base: 5, premiumBuffer: 0, emergencyBuffer: 0 };
    await patch(slot, { capacity: wide });
    await clinic.fill(slot.slotId, 'ONLINE');
  });

  it('never leaves more booked than seats when bookings and a lowering race', async () => {
    const slot = await clinic.openSlot();
    const small = { base: 5, premiumBuffer: 0, emergencyBuffer: 0 };
    const [changed, ...booked] = await Promise.all([
      patch(slot, { capacity: small }),
      ...Array.from({ length: 20 }, () => clinic.bookAtDesk(slot.slotId, 'ONLINE')),
    ]);
    const { bookedCount, capacity } = await clinic.slot(slot.slotId);
    const admitted = booked.filter(({ status }) => status === 201).length;
    expect(bookedCount).toBe(admitted);
    const isLowered = changed?.status === 200;
    expect(isLowered ? [5, 5] : [10, 10]).toEqual([capacity.base, admitted]);
  });

  it.each([
    [{}, ['']],
    [{ status: 'ENDED' }, ['status']],
    [{ capacity: { base: 1 } }, ['capacity.premiumBuffer', 'capacity.emergencyBuffer']],
    [{ isDelayed: true }, ['', 'isDelayed']],
    [{ status: { $ne: 'OPEN' } }, ['status']],
  ])('refuses %j', async (body, paths) => {
    (await patch({ slotId: 'none' }, body)).assertInvalid(...paths);
  });

  it('refuses a slot that is not there', async () => {
    (await patch({ slotId: 'none' }, { status: 'OPEN' })).assertRefused(404, 'NOT_FOUND');
  });
});

describe('delays', () => {
  it('of a slot lower what is open, and end', async () => {
    const slot = await clinic.openSlot();
    const late = (await delay(slot, { isDelayed: true, delayMinutes: 45 })).read(200, Slot);
    expect(late).toEqual({
      ...slot,
      isDelayed: true,
      delayMinutes: 45,
      limits: { STANDARD: 8, PREMIUM: 9, CRITICAL: 15 },
      remaining: { STANDARD: 8, PREMIUM: 9, CRITICAL: 15 },
    });
    expect((await delay(slot, { isDelayed: false })).read(200, Slot)).toEqual(slot);
    const none = await delay({ slotId: 'none' }, { isDelayed: true });
    none.assertRefused(404, 'NOT_FOUND');
  });

  it("of a doctor's day hold for each of its slots, and no other", async () => {
    const first = await clinic.openSlot();
    const { doctorId } = first;
    const second = await clinic.openSlot({ doctorId, start: '10:00', end: '11:00' });
    const tomorrow = await clinic.openSlot({ doctorId, date: clinic.day(2) });
    const reply = await delayDay(doctorId, clinic.day(1), { isDelayed: true, delayMinutes: 20 });
    const { items } = reply.read(200, SlotPage);
    expect(items.map(({ slotId }) => slotId)).toEqual([first.slotId, second.slotId]);
    expect(items.every(({ isDelayed, delayMinutes }) => isDelayed && delayMinutes === 20)).toBe(
      true,
    );
    expect((await clinic.slot(tomorrow.slotId)).isDelayed).toBe(false);
    const empty = await delayDay(doctorId, clinic.day(9), { isDelayed: true });
    expect(empty.read(200, SlotPage).items).toEqual([]);
  });

  it.each([
    [{}, ['isDelayed']],
    [{ isDelayed: 'yes' }, ['isDelayed']],
    [{ isDelayed: true, delayMinutes: 721 }, ['delayMinutes']],
    [{ isDelayed: false, delayMinutes: 5 }, ['delayMinutes']],
    [{ isDelayed: true, minutes: 5 }, ['minutes']],
  ])('refuse %j', async (body, paths) => {
    (await delay({ slotId: 'none' }, body)).assertInvalid(...paths);
    (await delayDay('dr-rao', clinic.day(), body)).assertInvalid(...paths);
  });

  it('refuse a day that is none, and a doctor who is not', async () => {
    (await delayDay('dr-rao', '2026-02-30', { isDelayed: true })).assertInvalid('date');
    const nobody = await delayDay('nobody', clinic.day(), { isDelayed: true });
    nobody.assertRefused(404, 'NOT_FOUND');
  });
});
