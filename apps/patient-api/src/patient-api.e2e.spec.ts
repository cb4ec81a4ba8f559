/**
 * Goal: every route of the patients' API answers as the HTTP contract says, and a patient reaches
 * nothing but what is his.
 * Method: the real APIs on real MongoDB and Redis, asked over HTTP; replies are parsed with the
 * contracts and may hold nothing beside them, refusals are compared member by member.
 */
import { createAdminApi } from '@opd/admin-api';
import {
  Booking,
  BookingPage,
  DoctorPage,
  PatientSignInReply,
  SendCodeReply,
  Slot,
  SlotPage,
} from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { readSettings } from '@opd/platform';
import { Clinic, clinicEnv, type SignedInPatient } from '@opd/testing';
import { createPatientApi } from './patient-api';

jest.setTimeout(60_000);

let clinic: Clinic;

beforeAll(async () => {
  const env = clinicEnv({ MAX_ACTIVE_BOOKINGS_PER_PATIENT: '3' });
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
});

afterAll(() => clinic.close());

function book(patient: SignedInPatient, slotId: string, type = 'ONLINE') {
  return patient.api.post('/v1/bookings', { slotId, type });
}

/** Books under an Idempotency-Key. */
function bookOnce(patient: SignedInPatient, idempotencyKey: string, body: object) {
  return patient.api.post('/v1/bookings', { type: 'ONLINE', ...body }, { idempotencyKey });
}

describe('signing in', () => {
  it('takes the code that was sent, and knows the patient again', async () => {
    const { patient: api } = clinic.visitors;
    const person = clinic.newPerson();
    const first = await clinic.newPatient(person);
    expect(first).toMatchObject(person);

    const code = await askForCode(person.phone);
    const again = await api.post('/v1/auth/sign-in', { phone: person.phone, code });
    expect(again.read(200, PatientSignInReply).patient.patientId).toBe(first.patientId);

    const used = await api.post('/v1/auth/sign-in', { phone: person.phone, code });
    used.assertRefused(401, 'INVALID_CREDENTIALS');
  });

  it('takes another name under a known phone for a member of the family', async () => {
    const mother = await clinic.newPatient();
    const child = await clinic.newPatient({ name: 'Patient Child', phone: mother.phone });
    expect(child.patientId).not.toBe(mother.patientId);
  });

  it('refuses a wrong code, a code never sent, and a new phone without a name', async () => {
    const { patient: api } = clinic.visitors;
    const { phone } = clinic.newPerson();
    const code = await askForCode(phone);
    const wrong = code === '000000' ? '000001' : '000000';
    const refused = await api.post('/v1/auth/sign-in', { phone, code: wrong, name: 'Patient X' });
    refused.assertRefused(401, 'INVALID_CREDENTIALS');
    const unknown = clinic.newPerson();
    const unsent = await api.post('/v1/auth/sign-in', { ...unknown, code });
    unsent.assertRefused(401, 'INVALID_CREDENTIALS');
    (await api.post('/v1/auth/sign-in', { phone, code })).assertInvalid('name');
  });

  it.each([
    ['/v1/auth/otp', {}, ['phone']],
    ['/v1/auth/otp', { phone: '12345' }, ['phone']],
    ['/v1/auth/otp', { phone: '+919000000000', tier: 'CRITICAL' }, ['tier']],
    ['/v1/auth/sign-in', { phone: { $ne: null }, code: { $gt: '' } }, ['phone', 'code']],
    ['/v1/auth/sign-in', { phone: '+919000000000', code: '12345' }, ['code']],
  ])('refuses %s with %j', async (path, body, paths) => {
    (await clinic.visitors.patient.post(path, body)).assertInvalid(...paths);
  });

  async function askForCode(phone: string): Promise<string> {
    const sent = await clinic.visitors.patient.post('/v1/auth/otp', { phone });
    const { demoCode = '' } = sent.read(202, SendCodeReply);
    return demoCode;
  }
});

describe('doctors and slots', () => {
  it('shows them to everybody, page by page, without personal data', async () => {
    const { patient: visitor } = clinic.visitors;
    const doctors = (await visitor.pages('/v1/doctors?limit=2', DoctorPage)).flat();
    const ids = doctors.map(({ doctorId }) => doctorId);
    expect(ids).toEqual(expect.arrayContaining(['dr-iyer', 'dr-mehta', 'dr-rao']));
    expect(ids).toEqual([...new Set(ids)].sort());

    const path = `/v1/doctors/dr-rao/slots?from=${clinic.day(1)}&days=2&limit=3`;
    const pages = await visitor.pages(path, SlotPage);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 1]);
    const slots = pages.flat().map(({ slotId }) => slotId);
    expect(slots).toEqual([...new Set(slots)].sort());
    expect(slots[0]).toBe(`dr-rao_${clinic.day(1)}_0900`);
  });

  it('shows what is booked and left, closed and ended slots with nothing left', async () => {
    const doctorId = await clinic.newDoctor();
    const day = clinic.day();
    const ended = { doctorId, date: day, start: '09:00', end: '10:00' };
    await clinic.openSlot(ended);
    const booked = await clinic.openSlot({ doctorId, date: day, start: '20:00', end: '21:00' });
    const closed = await clinic.openSlot({ doctorId, date: day, start: '21:00', end: '22:00' });
    await clinic.admin.send(`PATCH /v1/slots/${closed.slotId}`, { body: { status: 'CLOSED' } });
    await clinic.fill(booked.slotId, 'ONLINE', 'EMERGENCY');

    const reply = await clinic.visitors.patient.get(`/v1/doctors/${doctorId}/slots?days=1`);
    const { items } = reply.read(200, SlotPage);
    const nothing = { STANDARD: 0, PREMIUM: 0, CRITICAL: 0 };
    expect(items).toMatchObject([
      { status: 'OPEN', remaining: nothing, bookedCount: 0 },
      { status: 'OPEN', remaining: { STANDARD: 8, PREMIUM: 10, CRITICAL: 13 }, bookedCount: 2 },
      { status: 'CLOSED', remaining: nothing, bookedCount: 0 },
    ]);
    expect(items[1]?.limits).toEqual({ STANDARD: 10, PREMIUM: 12, CRITICAL: 15 });
    expect(reply.text).not.toMatch(/Patient|patient|booking|\+91/);
  });

  it('shows one slot to whoever is signed in', async () => {
    const { slotId } = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const slot = (await patient.api.get(`/v1/slots/${slotId}`)).read(200, Slot);
    expect(slot).toMatchObject({ slotId, date: clinic.day(1), start: '09:00', end: '10:00' });
    (await patient.api.get('/v1/slots/none')).assertRefused(404, 'NOT_FOUND');
    const unsigned = await clinic.visitors.patient.get(`/v1/slots/${slotId}`);
    unsigned.assertRefused(401, 'UNAUTHENTICATED');
  });

  it('refuses queries that are none', async () => {
    const api = clinic.visitors.patient;
    const path = '/v1/doctors/dr-rao/slots';
    (await api.get(`${path}?days=0`)).assertInvalid('days');
    (await api.get(`${path}?days=32`)).assertInvalid('days');
    (await api.get(`${path}?from=2026-02-30`)).assertInvalid('from');
    (await api.get(`${path}?limit=201`)).assertInvalid('limit');
    (await api.get(`${path}?cursor=dr-mehta_x`)).assertInvalid('cursor');
    (await api.get(`${path}?doctorId[$ne]=x`)).assertInvalid('doctorId[$ne]');
    (await api.get('/v1/doctors/nobody/slots')).assertRefused(404, 'NOT_FOUND');
  });
});

describe('booking', () => {
  it.each([
    ['ONLINE', 'STANDARD'],
    ['PAID', 'PREMIUM'],
    ['FOLLOWUP', 'PREMIUM'],
  ])('books %s as %s', async (type, tier) => {
    const slot = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const booking = (await book(patient, slot.slotId, type)).read(201, Booking);
    expect(booking).toEqual({
      bookingId: expect.stringMatching(/^bk_[\w-]{22}$/),
      slotId: slot.slotId,
      doctorId: slot.doctorId,
      date: slot.date,
      start: slot.start,
      end: slot.end,
      startsAt: slot.startsAt,
      isDelayed: false,
      delayMinutes: 0,
      patientId: patient.patientId,
      patientName: patient.name,
      type,
      tier,
      status: 'BOOKED',
      tokenNumber: 1,
      bookedAt: expect.any(String),
    });
  });

  it.each(['WALKIN', 'EMERGENCY'])('leaves %s to the desk', async (type) => {
    const patient = await clinic.newPatient();
    const allowedTypes = ['ONLINE', 'PAID', 'FOLLOWUP'];
    // Before the slot is looked for: this one is not there.
    const reply = await book(patient, 'none', type);
    reply.assertRefused(403, 'TYPE_NOT_ALLOWED', { bookingType: type, allowedTypes });
  });

  it.each([
    [{}, ['slotId', 'type']],
    [{ slotId: 's', type: 'WALK_IN' }, ['type']],
    [{ slotId: { $ne: null }, type: { $ne: null } }, ['slotId', 'type']],
    [{ slotId: 's', type: 'ONLINE', tier: 'CRITICAL', tokenNumber: 1 }, ['tier', 'tokenNumber']],
    [{ slotId: 's', type: 'ONLINE', patientId: 'pt_other' }, ['patientId']],
    [{ slotId: '', type: 'ONLINE' }, ['slotId']],
    [[], ['']],
  ])('refuses %j', async (body, paths) => {
    const patient = await clinic.newPatient();
    (await patient.api.post('/v1/bookings', body)).assertInvalid(...paths);
  });

  it('says of a full slot what it holds, and which tiers are still admitted', async () => {
    const { slotId } = await clinic.openSlot({
      capacity: { base: 1, premiumBuffer: 1, emergencyBuffer: 0 },
    });
    await clinic.fill(slotId, 'WALKIN');
    const late = await book(await clinic.newPatient(), slotId);
    late.assertRefused(409, 'SLOT_FULL', {
      bookingType: 'ONLINE',
      tier: 'STANDARD',
      bookedCount: 1,
      limit: 1,
      undelayedLimit: 1,
      isDelayed: false,
      openTiers: ['PREMIUM', 'CRITICAL'],
    });
  });

  it('gives one booking per doctor and day, and tells the patient which he has', async () => {
    const { slotId, doctorId } = await clinic.openSlot();
    const next = await clinic.openSlot({ doctorId, start: '10:00', end: '11:00' });
    const patient = await clinic.newPatient();
    const { bookingId, tokenNumber } = (await book(patient, slotId)).read(201, Booking);
    const known = { bookingId, slotId, tokenNumber };
    (await book(patient, slotId, 'PAID')).assertRefused(409, 'ALREADY_BOOKED', known);
    (await book(patient, next.slotId)).assertRefused(409, 'ALREADY_BOOKED', known);
    const tomorrow = await clinic.openSlot({ doctorId, date: clinic.day(2) });
    (await book(patient, tomorrow.slotId)).read(201, Booking);
  });

  it('ends ONLINE at the start of the slot, the other types at its end', async () => {
    const doctorId = await clinic.newDoctor();
    const date = clinic.day();
    const over = await clinic.openSlot({ doctorId, date, start: '09:00', end: '10:00' });
    const running = await clinic.openSlot({ doctorId, date, start: '11:00', end: '14:00' });
    const patient = await clinic.newPatient();
    const online = await book(patient, running.slotId, 'ONLINE');
    online.assertRefused(409, 'SLOT_ENDED', { bookingType: 'ONLINE' });
    const paid = await book(patient, over.slotId, 'PAID');
    paid.assertRefused(409, 'SLOT_ENDED', { bookingType: 'PAID' });
    (await book(patient, running.slotId, 'PAID')).read(201, Booking);
  });

  it('bounds the bookings that a patient has ahead of him', async () => {
    const patient = await clinic.newPatient();
    for (let count = 0; count < 3; count += 1)
      (await book(patient, (await clinic.openSlot()).slotId)).read(201, Booking);
    const fourth = await book(patient, (await clinic.openSlot()).slotId);
    fourth.assertRefused(409, 'TOO_MANY_ACTIVE_BOOKINGS', { limit: 3 });
  });
});

describe('the order of checks', () => {
  it('is token, role, body, type, slot', async () => {
    const patient = await clinic.newPatient();
    const bad = { slotId: 'none', type: 'WALK_IN' };
    const unsigned = await clinic.visitors.patient.post('/v1/bookings', bad);
    unsigned.assertRefused(401, 'UNAUTHENTICATED');
    const { accessToken = '' } = clinic.desk;
    const ofDesk = await clinic.visitors.patient.as(accessToken).post('/v1/bookings', bad);
    ofDesk.assertRefused(403, 'FORBIDDEN');
    (await patient.api.post('/v1/bookings', bad)).assertInvalid('type');
    (await book(patient, 'none')).assertRefused(404, 'NOT_FOUND');
  });

  it('goes on with closed, ended, already booked, too many, full', async () => {
    const doctorId = await clinic.newDoctor();
    const capacity = { base: 1, premiumBuffer: 0, emergencyBuffer: 0 };
    const date = clinic.day();
    const all = await clinic.openSlot({ doctorId, date, start: '11:00', end: '14:00', capacity });
    const other = await clinic.openSlot({ doctorId, date, start: '15:00', end: '16:00' });
    const patient = await clinic.newPatient();
    const { bookingId, tokenNumber } = (await book(patient, other.slotId)).read(201, Booking);
    for (let count = 0; count < 2; count += 1)
      (await book(patient, (await clinic.openSlot()).slotId)).read(201, Booking);
    await clinic.fill(all.slotId, 'WALKIN');
    const setStatus = (status: string) =>
      clinic.admin.send(`PATCH /v1/slots/${all.slotId}`, { body: { status } });

    await setStatus('CLOSED');
    (await book(patient, all.slotId)).assertRefused(409, 'SLOT_CLOSED');
    await setStatus('OPEN');
    const ended = await book(patient, all.slotId);
    ended.assertRefused(409, 'SLOT_ENDED', { bookingType: 'ONLINE' });
    const already = await book(patient, all.slotId, 'PAID');
    const known = { bookingId, slotId: other.slotId, tokenNumber };
    already.assertRefused(409, 'ALREADY_BOOKED', known);
    await patient.api.post(`/v1/bookings/${bookingId}/cancel`);
    (await book(patient, (await clinic.openSlot()).slotId)).read(201, Booking);
    const capped = await book(patient, all.slotId, 'PAID');
    capped.assertRefused(409, 'TOO_MANY_ACTIVE_BOOKINGS', { limit: 3 });
    const full = await book(await clinic.newPatient(), all.slotId, 'PAID');
    expect([full.status, full.code]).toEqual([409, 'SLOT_FULL']);
  });
});

describe('own bookings', () => {
  it('are listed page by page, newest slot first, in every status', async () => {
    const patient = await clinic.newPatient();
    const made: string[] = [];
    for (const later of [1, 3, 2]) {
      const { slotId } = await clinic.openSlot({ date: clinic.day(later) });
      made.push((await book(patient, slotId)).read(201, Booking).bookingId);
    }
    await patient.api.post(`/v1/bookings/${made[1]}/cancel`);
    await book(await clinic.newPatient(), (await clinic.openSlot()).slotId);

    const pages = await patient.api.pages('/v1/bookings?limit=2', BookingPage);
    expect(pages.map(({ length }) => length)).toEqual([2, 1]);
    const found = pages.flat();
    expect(found.map(({ bookingId }) => bookingId)).toEqual([made[1], made[2], made[0]]);
    expect(found.map(({ status }) => status)).toEqual(['CANCELLED', 'BOOKED', 'BOOKED']);
    (await patient.api.get('/v1/bookings?cursor=nonsense')).assertInvalid('cursor');
  });

  it("are his alone: another patient's is not there", async () => {
    const { slotId } = await clinic.openSlot();
    const owner = await clinic.newPatient();
    const stranger = await clinic.newPatient();
    const booking = (await book(owner, slotId)).read(201, Booking);
    const path = `/v1/bookings/${booking.bookingId}`;
    (await stranger.api.get(path)).assertRefused(404, 'NOT_FOUND');
    (await stranger.api.post(`${path}/cancel`)).assertRefused(404, 'NOT_FOUND');
    (await stranger.api.get('/v1/bookings/none')).assertRefused(404, 'NOT_FOUND');
    expect((await owner.api.get(path)).read(200, Booking)).toEqual(booking);
  });

  it('are his to cancel until he is checked in; from then on only the desk does', async () => {
    const { slotId } = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const { bookingId } = (await book(patient, slotId)).read(201, Booking);
    const path = `/v1/bookings/${bookingId}`;
    (await clinic.desk.post(`${path}/check-in`)).read(200, Booking);
    const refused = await patient.api.post(`${path}/cancel`);
    refused.assertRefused(409, 'INVALID_TRANSITION', { from: 'CHECKED_IN', to: 'CANCELLED' });
    expect((await clinic.slot(slotId)).bookedCount).toBe(1);
    (await clinic.desk.post(`${path}/cancel`)).read(200, Booking);
    expect((await patient.api.post(`${path}/cancel`)).read(200, Booking).status).toBe('CANCELLED');
  });

  it('are cancelled once, however often that is asked; the next one gets the seat', async () => {
    const capacity = { base: 1, premiumBuffer: 0, emergencyBuffer: 0 };
    const { slotId } = await clinic.openSlot({ capacity });
    const patient = await clinic.newPatient();
    const { bookingId } = (await book(patient, slotId)).read(201, Booking);
    const path = `/v1/bookings/${bookingId}/cancel`;
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => patient.api.post(path, { reason: 'better' })),
    );
    const bodies = replies.map((reply) => reply.read(200, Booking));
    expect(bodies[0]).toMatchObject({ status: 'CANCELLED', cancelReason: 'better' });
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await clinic.slot(slotId)).bookedCount).toBe(0);
    (await patient.api.post(path, { reason: 'x'.repeat(201) })).assertInvalid('reason');

    const next = (await book(await clinic.newPatient(), slotId)).read(201, Booking);
    expect(next.tokenNumber).toBe(2);
    const full = await book(await clinic.newPatient(), slotId);
    expect(full.code).toBe('SLOT_FULL');
    expect((await patient.api.post(path)).read(200, Booking).status).toBe('CANCELLED');
    expect((await clinic.slot(slotId)).bookedCount).toBe(1);
  });
});

describe('an Idempotency-Key', () => {
  it('gives the same booking again, as it is now, before every other rule', async () => {
    const { slotId } = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const first = await bookOnce(patient, 'key-1', { slotId });
    const booking = first.read(201, Booking);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    await clinic.admin.send(`PATCH /v1/slots/${slotId}`, { body: { status: 'CLOSED' } });
    const again = await bookOnce(patient, 'key-1', { slotId });
    expect(again.read(201, Booking)).toEqual(booking);
    expect(again.headers.get('idempotency-replayed')).toBe('true');

    await patient.api.post(`/v1/bookings/${booking.bookingId}/cancel`);
    const later = (await bookOnce(patient, 'key-1', { slotId })).read(201, Booking);
    expect(later).toMatchObject({ bookingId: booking.bookingId, status: 'CANCELLED' });
  });

  it('is refused with another body, and belongs to one person', async () => {
    const { slotId } = await clinic.openSlot();
    const other = await clinic.openSlot();
    const patient = await clinic.newPatient();
    (await bookOnce(patient, 'key-2', { slotId })).read(201, Booking);
    const otherType = await bookOnce(patient, 'key-2', { slotId, type: 'PAID' });
    otherType.assertRefused(422, 'IDEMPOTENCY_KEY_REUSED');
    const otherSlot = await bookOnce(patient, 'key-2', { slotId: other.slotId });
    otherSlot.assertRefused(422, 'IDEMPOTENCY_KEY_REUSED');
    const stranger = await bookOnce(await clinic.newPatient(), 'key-2', { slotId });
    expect(stranger.read(201, Booking).tokenNumber).toBe(2);
  });

  it('tries afresh after a refusal', async () => {
    const { slotId } = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const setStatus = (status: string) =>
      clinic.admin.send(`PATCH /v1/slots/${slotId}`, { body: { status } });
    await setStatus('CLOSED');
    (await bookOnce(patient, 'key-3', { slotId })).assertRefused(409, 'SLOT_CLOSED');
    await setStatus('OPEN');
    (await bookOnce(patient, 'key-3', { slotId })).read(201, Booking);
  });

  it('makes one booking of fifty requests at once', async () => {
    const { slotId } = await clinic.openSlot();
    const patient = await clinic.newPatient();
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => bookOnce(patient, 'key-4', { slotId })),
    );
    const ids = replies.map((reply) => reply.read(201, Booking).bookingId);
    expect(new Set(ids).size).toBe(1);
    const replayed = replies.filter(({ headers }) => headers.has('idempotency-replayed'));
    expect(replayed).toHaveLength(49);
    expect((await clinic.slot(slotId)).bookedCount).toBe(1);
  });

  it.each(['a b', 'x'.repeat(256), 'caf\u00e9'])('must be visible ASCII: %s', async (key) => {
    const patient = await clinic.newPatient();
    (await bookOnce(patient, key, { slotId: 'none' })).assertInvalid('idempotency-key');
  });
});
