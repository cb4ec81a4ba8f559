/**
 * Goal: every route of the desk's API answers as the HTTP contract says: the seats of a slot by
 * tier, also while the doctor is late; the steps of a visit; the register; the patients.
 * Method: the real APIs on real MongoDB and Redis, asked over HTTP; replies are parsed with the
 * contracts and may hold nothing beside them, refusals are compared member by member. After the
 * last test the raw documents are audited.
 */
import { createAdminApi } from '@opd/admin-api';
import { Booking, BookingPage, PatientPage, StaffSignInReply, type Slot } from '@opd/contracts';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import { auditSlots, Clinic, clinicEnv } from '@opd/testing';
import { createDeskApi } from './desk-api';

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

function times(count: number, type: string): string[] {
  return Array.from({ length: count }, () => type);
}

/** Takes a step of a visit: `cancel`, `noshow`, `check-in` ... */
function step({ bookingId }: { bookingId: string }, name: string, body?: unknown) {
  return clinic.desk.post(`/v1/bookings/${bookingId}/${name}`, body);
}

function delay({ slotId }: Slot, isDelayed: boolean) {
  const body = isDelayed ? { isDelayed, delayMinutes: 30 } : { isDelayed };
  return clinic.admin.send(`PUT /v1/slots/${slotId}/delay`, { body });
}

async function refuseFull(slotId: string, type: string, expected: Record<string, unknown>) {
  const reply = await clinic.bookAtDesk(slotId, type);
  reply.assertRefused(409, 'SLOT_FULL', { bookingType: type, ...expected });
}

describe('signing in', () => {
  it('tells who it is', async () => {
    const credentials = { username: 'desk', password: 'desk-demo' };
    const reply = await clinic.visitors.desk.post('/v1/auth/sign-in', credentials);
    const { user } = reply.read(200, StaffSignInReply);
    expect(user).toEqual({ userId: expect.any(String), role: 'DESK', name: 'Demo Desk' });
  });

  it('says the same to a wrong password and an unknown user', async () => {
    const { desk } = clinic.visitors;
    const texts = [];
    for (const username of ['desk', 'nobody']) {
      const reply = await desk.post('/v1/auth/sign-in', { username, password: 'wrong' });
      reply.assertRefused(401, 'INVALID_CREDENTIALS');
      texts.push(reply.text.replace(/"requestId":"[^"]*"/, ''));
    }
    expect(texts[0]).toBe(texts[1]);
    const operators = { username: { $ne: null }, password: { $ne: null } };
    (await desk.post('/v1/auth/sign-in', operators)).assertInvalid('username', 'password');
  });
});

describe('the seats of a slot', () => {
  it('are 10 for STANDARD, 12 for PREMIUM, 15 for CRITICAL', async () => {
    const { slotId } = await clinic.openSlot();
    const made = await clinic.fill(slotId, ...times(5, 'ONLINE'), ...times(5, 'WALKIN'));
    const usual = { isDelayed: false };
    const standard = { ...usual, tier: 'STANDARD', bookedCount: 10, limit: 10, undelayedLimit: 10 };
    await refuseFull(slotId, 'WALKIN', { ...standard, openTiers: ['PREMIUM', 'CRITICAL'] });
    await refuseFull(slotId, 'ONLINE', { ...standard, openTiers: ['PREMIUM', 'CRITICAL'] });

    made.push(...(await clinic.fill(slotId, 'PAID', 'FOLLOWUP')));
    const premium = { ...usual, tier: 'PREMIUM', bookedCount: 12, limit: 12, undelayedLimit: 12 };
    await refuseFull(slotId, 'PAID', { ...premium, openTiers: ['CRITICAL'] });

    made.push(...(await clinic.fill(slotId, ...times(3, 'EMERGENCY'))));
    const critical = { ...usual, tier: 'CRITICAL', bookedCount: 15, limit: 15, undelayedLimit: 15 };
    await refuseFull(slotId, 'EMERGENCY', { ...critical, openTiers: [] });
    expect(made.map(({ tokenNumber }) => tokenNumber)).toEqual(made.map((_, index) => index + 1));
    expect((await clinic.slot(slotId)).bookedCount).toBe(15);
  });

  it('are 8, 9 and 15 while the doctor is late', async () => {
    const slot = await clinic.openSlot();
    await delay(slot, true);
    const { slotId } = slot;
    expect((await clinic.slot(slotId)).limits).toEqual({ STANDARD: 8, PREMIUM: 9, CRITICAL: 15 });
    const made = await clinic.fill(slotId, ...times(8, 'ONLINE'));
    expect(made[0]).toMatchObject({ isDelayed: true, delayMinutes: 30 });
    const late = { isDelayed: true };
    const standard = { ...late, tier: 'STANDARD', bookedCount: 8, limit: 8, undelayedLimit: 10 };
    await refuseFull(slotId, 'ONLINE', { ...standard, openTiers: ['PREMIUM', 'CRITICAL'] });
    await clinic.fill(slotId, 'FOLLOWUP');
    const premium = { ...late, tier: 'PREMIUM', bookedCount: 9, limit: 9, undelayedLimit: 12 };
    await refuseFull(slotId, 'PAID', { ...premium, openTiers: ['CRITICAL'] });
    await clinic.fill(slotId, ...times(6, 'EMERGENCY'));
    const critical = { ...late, tier: 'CRITICAL', bookedCount: 15, limit: 15, undelayedLimit: 15 };
    await refuseFull(slotId, 'EMERGENCY', { ...critical, openTiers: [] });
  });

  it('stay with the ten who had them when the delay came', async () => {
    const slot = await clinic.openSlot();
    const { slotId } = slot;
    const ten = await clinic.fill(slotId, ...times(10, 'ONLINE'));
    await delay(slot, true);
    const register = (await clinic.desk.get(`/v1/slots/${slotId}/bookings`)).read(200, BookingPage);
    const honoured = ten.map((booking) => ({ ...booking, isDelayed: true, delayMinutes: 30 }));
    expect(register.items).toEqual(honoured);
    const full = { isDelayed: true, tier: 'PREMIUM', bookedCount: 10 };
    const openTiers = ['CRITICAL'];
    await refuseFull(slotId, 'PAID', { ...full, limit: 9, undelayedLimit: 12, openTiers });
    await clinic.fill(slotId, 'EMERGENCY');

    // The late doctor's limit holds for whoever comes after a cancel, too.
    await step(ten[0] ?? { bookingId: '' }, 'cancel');
    expect((await clinic.bookAtDesk(slotId, 'ONLINE')).code).toBe('SLOT_FULL');
    await delay(slot, false);
    await clinic.fill(slotId, 'PAID');
    expect((await clinic.slot(slotId)).bookedCount).toBe(11);
  });

  it('are free again after a cancel or a no-show, and the very next booking gets them', async () => {
    const { slotId } = await clinic.openSlot();
    const made = await clinic.fill(slotId, ...times(10, 'ONLINE'));
    for (const [index, name] of ['cancel', 'noshow'].entries()) {
      const [booking] = made.slice(index, index + 1);
      if (!booking) throw new Error('There are ten bookings');
      expect((await clinic.bookAtDesk(slotId, 'ONLINE')).code).toBe('SLOT_FULL');
      (await step(booking, name)).read(200, Booking);
      const next = (await clinic.bookAtDesk(slotId, 'ONLINE')).read(201, Booking);
      expect(next.tokenNumber).toBe(11 + index);
    }
    expect((await clinic.slot(slotId)).bookedCount).toBe(10);
  });

  it('are given back once by fifty cancels and no-shows at once', async () => {
    const { slotId } = await clinic.openSlot();
    const [booking] = await clinic.fill(slotId, ...times(10, 'ONLINE'));
    if (!booking) throw new Error('There are ten bookings');
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => step(booking, index % 2 ? 'cancel' : 'noshow')),
    );
    const bodies = replies.filter(({ status }) => status === 200).map((r) => r.read(200, Booking));
    expect(new Set(bodies.map(({ status }) => status)).size).toBe(1);
    expect(bodies).toHaveLength(25);
    const refusals = replies.filter(({ code }) => code === 'INVALID_TRANSITION');
    expect(refusals).toHaveLength(25);
    expect((await clinic.slot(slotId)).bookedCount).toBe(9);
    await clinic.fill(slotId, 'WALKIN');
    expect((await clinic.bookAtDesk(slotId, 'WALKIN')).code).toBe('SLOT_FULL');
  });

  it('go to exactly one of fifty who ask while a cancel frees one', async () => {
    const { slotId } = await clinic.openSlot();
    const [booking] = await clinic.fill(slotId, ...times(10, 'ONLINE'));
    if (!booking) throw new Error('There are ten bookings');
    await step(booking, 'cancel');
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => clinic.bookAtDesk(slotId, 'WALKIN')),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ code }) => code === 'SLOT_FULL')).toHaveLength(49);
    expect((await clinic.slot(slotId)).bookedCount).toBe(10);
  });
});

describe('booking for a patient', () => {
  it('takes a name and phone, and the same patient by id', async () => {
    const { slotId } = await clinic.openSlot();
    const person = clinic.newPerson();
    const first = (await clinic.bookAtDesk(slotId, 'WALKIN', person)).read(201, Booking);
    expect(first).toMatchObject({ patientName: person.name, type: 'WALKIN', tier: 'STANDARD' });
    const { patientId } = first;
    const other = await clinic.openSlot();
    const body = { slotId: other.slotId, type: 'EMERGENCY', patientId };
    const second = (await clinic.desk.post('/v1/bookings', body)).read(201, Booking);
    expect(second).toMatchObject({ patientId, tier: 'CRITICAL', tokenNumber: 1 });

    const again = await clinic.desk.post('/v1/bookings', { ...body, slotId });
    const { bookingId, tokenNumber } = first;
    again.assertRefused(409, 'ALREADY_BOOKED', { bookingId, slotId, tokenNumber });
  });

  it('refuses whom it does not know, and where there is no slot', async () => {
    const { slotId } = await clinic.openSlot();
    const unknown = { slotId, type: 'ONLINE', patientId: 'pt_unknown' };
    (await clinic.desk.post('/v1/bookings', unknown)).assertRefused(404, 'NOT_FOUND');
    (await clinic.bookAtDesk('none', 'ONLINE')).assertRefused(404, 'NOT_FOUND');
  });

  it.each([
    [{ patient: undefined }, ['patient']],
    [{ patientId: 'pt_x' }, ['patient']],
    [{ patient: { name: 'Patient', phone: '12' } }, ['patient.phone']],
    [{ patient: { name: ' ', phone: '+919000000000' } }, ['patient.name', 'patient.name']],
    [{ patient: { name: 'P', phone: '+919000000000', tier: 'CRITICAL' } }, ['patient.tier']],
    [{ patient: undefined, patientId: { $ne: null } }, ['patientId']],
    [{ type: 'WALK_IN', status: 'COMPLETED' }, ['status', 'type']],
  ])('refuses %j', async (change, paths) => {
    const right = { slotId: 's', type: 'WALKIN', patient: clinic.newPerson() };
    (await clinic.desk.post('/v1/bookings', { ...right, ...change })).assertInvalid(...paths);
  });

  it('takes an Idempotency-Key as a patient does', async () => {
    const { slotId } = await clinic.openSlot();
    const body = { slotId, type: 'WALKIN', patient: clinic.newPerson() };
    const request = { idempotencyKey: `key-${slotId}` };
    const first = (await clinic.desk.post('/v1/bookings', body, request)).read(201, Booking);
    const again = await clinic.desk.post('/v1/bookings', body, request);
    expect(again.read(201, Booking)).toEqual(first);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = { ...body, patient: clinic.newPerson() };
    const reused = await clinic.desk.post('/v1/bookings', other, request);
    reused.assertRefused(422, 'IDEMPOTENCY_KEY_REUSED');
  });

  it('bounds the bookings of one patient in one slot, cancelled ones included', async () => {
    const { slotId } = await clinic.openSlot();
    const person = clinic.newPerson();
    for (let count = 0; count < 3; count += 1) {
      const booking = (await clinic.bookAtDesk(slotId, 'WALKIN', person)).read(201, Booking);
      (await step(booking, 'cancel')).read(200, Booking);
    }
    const fourth = await clinic.bookAtDesk(slotId, 'WALKIN', person);
    fourth.assertRefused(409, 'TOO_MANY_BOOKINGS_IN_SLOT', { limit: 3 });
  });
});

describe('the steps of a visit', () => {
  const STATUS_OF = {
    cancel: 'CANCELLED',
    noshow: 'NOSHOW',
    'check-in': 'CHECKED_IN',
    start: 'IN_CONSULTATION',
    complete: 'COMPLETED',
    reinstate: 'BOOKED',
  };
  type Step = keyof typeof STATUS_OF;
  const STEPS = Object.keys(STATUS_OF) as Step[];

  // How a booking gets into each status, and what may follow.
  const STATUSES: [path: Step[], allowed: Step[]][] = [
    [[], ['check-in', 'cancel', 'noshow']],
    [['check-in'], ['start', 'cancel', 'noshow']],
    [['check-in', 'start'], ['complete']],
    [['check-in', 'start', 'complete'], []],
    [['cancel'], []],
    [['noshow'], ['reinstate']],
  ];
  const CASES = STATUSES.flatMap(([path, allowed]) =>
    STEPS.map((next) => ({ path, next, isAllowed: allowed.includes(next) })),
  );

  it.each(CASES)('$path, then $next: allowed $isAllowed', async ({ path, next, isAllowed }) => {
    const { slotId } = await clinic.openSlot();
    const [booking] = await clinic.fill(slotId, 'WALKIN');
    if (!booking) throw new Error('There is a booking');
    for (const name of path) (await step(booking, name)).read(200, Booking);
    const before = (await clinic.desk.get(`/v1/bookings/${booking.bookingId}`)).read(200, Booking);

    const reply = await step(booking, next, {});
    const to = STATUS_OF[next];
    const isThere = before.status === to;
    if (isThere) expect(reply.read(200, Booking)).toEqual(before);
    else if (isAllowed) expect(reply.read(200, Booking).status).toBe(to);
    else reply.assertRefused(409, 'INVALID_TRANSITION', { from: before.status, to });

    const after = isAllowed ? to : before.status;
    const isSeatHeld = after !== 'CANCELLED' && after !== 'NOSHOW';
    expect((await clinic.slot(slotId)).bookedCount).toBe(isSeatHeld ? 1 : 0);
  });

  it('stamp what happened, and take no body but an empty one', async () => {
    const { slotId } = await clinic.openSlot();
    const [booking] = await clinic.fill(slotId, 'WALKIN');
    if (!booking) throw new Error('There is a booking');
    for (const name of ['check-in', 'start']) await step(booking, name);
    const done = (await step(booking, 'complete')).read(200, Booking);
    const stamps = [done.bookedAt, done.checkedInAt, done.startedAt, done.completedAt];
    expect(stamps).toEqual([...stamps].sort());
    expect(stamps).not.toContain(undefined);
    (await step(booking, 'noshow', { status: 'BOOKED' })).assertInvalid('status');
    (await step(booking, 'cancel', { reason: 5 })).assertInvalid('reason');
    for (const name of STEPS)
      (await step({ bookingId: 'none' }, name)).assertRefused(404, 'NOT_FOUND');
  });

  it('a missed visit comes back with its token, if there is a seat', async () => {
    const { slotId } = await clinic.openSlot();
    const made = await clinic.fill(slotId, ...times(10, 'ONLINE'));
    const missed = made[3];
    if (!missed) throw new Error('There are ten bookings');
    await step(missed, 'noshow');
    const [eleventh] = await clinic.fill(slotId, 'WALKIN');
    const full = await step(missed, 'reinstate');
    full.assertRefused(409, 'SLOT_FULL', {
      bookingType: 'ONLINE',
      tier: 'STANDARD',
      bookedCount: 10,
      limit: 10,
      undelayedLimit: 10,
      isDelayed: false,
      openTiers: ['PREMIUM', 'CRITICAL'],
    });
    if (eleventh) await step(eleventh, 'cancel');
    const back = (await step(missed, 'reinstate')).read(200, Booking);
    expect(back).toEqual(missed);
    expect((await step(missed, 'reinstate')).read(200, Booking)).toEqual(missed);
    expect((await clinic.slot(slotId)).bookedCount).toBe(10);
  });

  it('twenty reinstatements at once take one seat', async () => {
    const { slotId } = await clinic.openSlot();
    const [missed] = await clinic.fill(slotId, 'ONLINE', 'ONLINE');
    if (!missed) throw new Error('There is a booking');
    await step(missed, 'noshow');
    const replies = await Promise.all(times(20, '').map(() => step(missed, 'reinstate')));
    for (const reply of replies) expect(reply.read(200, Booking)).toEqual(missed);
    expect((await clinic.slot(slotId)).bookedCount).toBe(2);
  });
});

describe('the register', () => {
  it('lists a slot by token number, page by page, in every status', async () => {
    const { slotId } = await clinic.openSlot();
    const made = await clinic.fill(slotId, ...times(5, 'ONLINE'));
    if (made[2]) await step(made[2], 'cancel');
    const path = `/v1/slots/${slotId}/bookings?limit=2`;
    const pages = await clinic.desk.pages(path, BookingPage);
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(({ tokenNumber }) => tokenNumber)).toEqual([1, 2, 3, 4, 5]);
    expect(pages[1]?.[0]?.status).toBe('CANCELLED');
    (await clinic.desk.get('/v1/slots/none/bookings')).assertRefused(404, 'NOT_FOUND');
    (await clinic.desk.get(`${path}&cursor=x`)).assertInvalid('cursor');
    (await clinic.desk.get('/v1/bookings/none')).assertRefused(404, 'NOT_FOUND');
  });
});

describe('the patients', () => {
  it('are found by phone or its last digits, page by page', async () => {
    const phones = ['+917111107777', '+917222207777', '+917333307777'];
    const { slotId } = await clinic.openSlot();
    for (const phone of phones) await clinic.bookAtDesk(slotId, 'WALKIN', { name: 'P', phone });
    const pages = await clinic.desk.pages('/v1/patients?phone=7777&limit=2', PatientPage);
    expect(pages.map(({ length }) => length)).toEqual([2, 1]);
    const found = pages.flat().map(({ phone }) => phone);
    expect(found.sort()).toEqual(phones);
    const one = await clinic.desk.get(`/v1/patients?phone=${encodeURIComponent(phones[1] ?? '')}`);
    const [patient, ...others] = one.read(200, PatientPage).items;
    expect(others).toEqual([]);
    expect(patient).toEqual({ patientId: expect.any(String), name: 'P', phone: phones[1] });
    const nobody = await clinic.desk.get('/v1/patients?phone=12345678');
    expect(nobody.read(200, PatientPage).items).toEqual([]);
  });

  it.each(['', 'phone=777', 'phone=abcd', 'phone[$ne]=x', 'phone=1234&phone=5678'])(
    'are not found by "%s"',
    async (query) => {
      const reply = await clinic.desk.get(`/v1/patients?${query}`);
      expect([reply.status, reply.code]).toEqual([400, 'VALIDATION_FAILED']);
    },
  );
});
