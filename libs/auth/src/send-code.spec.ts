/**
 * Goal: a code goes out to whoever may have one, and to nobody too often.
 * Method: a real MongoDB; a delivery that keeps what it is given, or refuses; a clock that is turned.
 */
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { AuthModule, sendCodeSettings } from './auth.module';
import type { CodeMessage } from './code-delivery';
import { SendCode, type SendCodeSettings } from './send-code';
import { SignInPatient } from './sign-in-patient';
import {
  closeDatabase,
  newPhone,
  openDatabase,
  signInParts,
  SPEC_SIGNING_KEY,
  TurnedClock,
} from './testing';

let connection: Connection;
let parts: ReturnType<typeof signInParts>;
let delivered: CodeMessage[];
const clock = new TurnedClock();

beforeAll(async () => {
  connection = await openDatabase(testMongoUri());
  parts = signInParts(connection, clock);
});

beforeEach(() => {
  delivered = [];
});

afterAll(() => closeDatabase(connection));

function sender(overrides: Partial<SendCodeSettings> = {}): SendCode {
  const delivery = {
    deliver: (message: CodeMessage) => Promise.resolve(delivered.push(message) > 0),
  };
  const settings = { codeSendsPer10Minutes: 3, codeSendsPerDay: 10, showsCode: false, delivery };
  return new SendCode(parts.codes, parts.attempts, { ...settings, ...overrides });
}

async function canSignIn(phone: string, code: string): Promise<boolean> {
  return (await new SignInPatient(parts).execute({ phone, code, name: 'Asha' })).ok;
}

describe('SendCode', () => {
  it('delivers six digits that sign in, and keeps them out of the reply', async () => {
    const phone = newPhone();
    const sent = await sender().execute({ phone });
    expect(sent).toEqual({ ok: true, value: { expiresInSeconds: 300 } });
    const code = expect.stringMatching(/^\d{6}$/);
    expect(delivered).toEqual([{ phone, code, expiresInSeconds: 300 }]);
    expect(await canSignIn(phone, delivered[0]!.code)).toBe(true);
  });

  it('shows the code in the demo', async () => {
    const phone = newPhone();
    const sent = await sender({ showsCode: true, delivery: undefined }).execute({ phone });
    if (!sent.ok) throw new Error(sent.refusal.detail);
    expect(await canSignIn(phone, sent.value.demoCode ?? '')).toBe(true);
  });

  it('answers the same for a known and an unknown phone', async () => {
    const [known, unknown] = [newPhone(), newPhone()];
    await parts.patients.findOrAdd({ phone: known, name: 'Asha' });
    expect(await sender().execute({ phone: known })).toEqual(
      await sender().execute({ phone: unknown }),
    );
  });

  it('stores neither phone nor code', async () => {
    const phone = newPhone();
    await sender().execute({ phone });
    const stored = JSON.stringify(
      await connection.db!.collection('one_time_codes').find().toArray(),
    );
    expect(stored).not.toContain(phone.slice(1));
    expect(stored).not.toContain(`"${delivered[0]!.code}"`);
  });

  it('replaces the code before: only the latest is good', async () => {
    const phone = newPhone();
    await sender().execute({ phone });
    await sender().execute({ phone });
    const [first, second] = delivered.map((each) => each.code) as [string, string];
    expect(await canSignIn(phone, first)).toBe(first === second);
    expect(await canSignIn(phone, second)).toBe(first !== second);
  });

  it('makes a code void that could not be delivered', async () => {
    const phone = newPhone();
    let lost = '';
    const delivery = {
      deliver: (message: CodeMessage) => {
        lost = message.code;
        return Promise.resolve(false);
      },
    };
    expect(await sender({ delivery }).execute({ phone })).toMatchObject({
      ok: false,
      refusal: { code: 'DELIVERY_UNAVAILABLE' },
    });
    expect(await canSignIn(phone, lost)).toBe(false);
  });

  it('makes no code when nothing can deliver it', async () => {
    const phone = newPhone();
    const nothing = sender({ delivery: undefined });
    for (let n = 0; n < 5; n += 1) {
      expect(await nothing.execute({ phone })).toMatchObject({
        ok: false,
        refusal: { code: 'DELIVERY_UNAVAILABLE' },
      });
    }
    // Not even counted: the phone has all its sends left.
    expect((await sender().execute({ phone })).ok).toBe(true);
  });
});

describe('the limits on sending', () => {
  it('are 3 codes in 10 minutes, and tell the wait', async () => {
    const phone = newPhone();
    for (let n = 0; n < 3; n += 1) expect((await sender().execute({ phone })).ok).toBe(true);
    clock.forwardSeconds(100);
    expect(await sender().execute({ phone })).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 500 },
    });
    expect((await sender().execute({ phone: newPhone() })).ok).toBe(true);
    clock.forwardSeconds(500);
    expect((await sender().execute({ phone })).ok).toBe(true);
    expect(delivered.filter((each) => each.phone === phone)).toHaveLength(4);
  });

  it('are 10 codes in a day', async () => {
    const phone = newPhone();
    for (let n = 0; n < 10; n += 1) {
      expect((await sender().execute({ phone })).ok).toBe(true);
      clock.forwardSeconds(600);
    }
    expect(await sender().execute({ phone })).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 86_400 - 6_000 },
    });
  });

  it('hold for 50 that ask at once: 3 go out, one is good', async () => {
    const phone = newPhone();
    const sends = Array.from({ length: 50 }, () => sender().execute({ phone }));
    const outcomes = await Promise.all(sends);
    expect(outcomes.filter((each) => each.ok)).toHaveLength(3);
    expect(delivered).toHaveLength(3);
    const live = new Set<string>();
    for (const { code } of delivered) if (await canSignIn(phone, code)) live.add(code);
    expect(live.size).toBe(1);
  });
});

describe('sendCodeSettings', () => {
  const otpWebhook = { url: 'http://127.0.0.1:1/codes', secret: 's' };
  const tokenSigningKey = SPEC_SIGNING_KEY;

  it('show no code outside the demo', () => {
    expect(sendCodeSettings({ tokenSigningKey, isDemo: false })).toEqual({
      codeSendsPer10Minutes: 3,
      codeSendsPerDay: 10,
      showsCode: false,
      delivery: undefined,
    });
    expect(sendCodeSettings({ tokenSigningKey, isDemo: false, otpWebhook }).delivery).toBeDefined();
  });

  it('let one phone of the demo sign in again and again', () => {
    const demo = sendCodeSettings({ tokenSigningKey, isDemo: true });
    expect(demo.showsCode).toBe(true);
    expect(demo.codeSendsPer10Minutes).toBeGreaterThanOrEqual(10);
  });

  it('come from a module that a short signing key stops', () => {
    expect(() => AuthModule.forRoot({ tokenSigningKey: 'short', isDemo: true })).toThrow(
      'TOKEN_SIGNING_KEY',
    );
  });
});
