/**
 * Goal: right settings become typed values, wrong ones stop the process with a sentence that names
 * each of them, says what is allowed, and tells no secret.
 * Method: `readSettings` with one variable changed at a time, and with all of them wrong.
 */
import { readSettings, SettingsError } from './settings';
import { TEST_ENV } from './testing';

function wrongOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.wrong;
    throw error;
  }
  return [];
}

describe('readSettings', () => {
  it('fills in what is not set', () => {
    expect(readSettings(TEST_ENV)).toEqual({
      mongodbUri: 'mongodb://127.0.0.1:1/test',
      redisUrls: ['redis://127.0.0.1:1'],
      patientApiPort: 3001,
      deskApiPort: 3002,
      adminApiPort: 3003,
      host: '127.0.0.1',
      opdDataDir: '.opd',
      lockTtlMs: 2_000,
      lockWaitMs: 250,
      patientLimitPerMinute: 60,
      staffLimitPerMinute: 3_000,
      addressLimitPerMinute: 0,
      tokenSigningKey: 'k'.repeat(32),
      maxActiveBookingsPerPatient: 5,
      clinicTimeZone: 'Asia/Kolkata',
      logLevel: 'info',
      isDemo: false,
      isProduction: false,
    });
  });

  it('takes what is set', () => {
    const webhook = {
      OTP_WEBHOOK_URL: 'https://sms.example/send',
      OTP_WEBHOOK_SECRET: 's'.repeat(32),
    };
    const settings = readSettings({
      ...TEST_ENV,
      ...webhook,
      MONGODB_URI: 'mongodb://a:1,b:2,c:3/opd?replicaSet=rs',
      REDIS_URLS: ' redis://a:1, rediss://b:2,redis://c:3 ',
      LOCK_WAIT_MS: '0',
      CLINIC_TIME_ZONE: 'Europe/Berlin',
      OPD_DEMO: 'true',
      LOG_LEVEL: 'silent',
    });
    expect(settings).toMatchObject({
      mongodbUri: 'mongodb://a:1,b:2,c:3/opd?replicaSet=rs',
      redisUrls: ['redis://a:1', 'rediss://b:2', 'redis://c:3'],
      lockWaitMs: 0,
      clinicTimeZone: 'Europe/Berlin',
      isDemo: true,
      logLevel: 'silent',
      otpWebhook: { url: 'https://sms.example/send', secret: 's'.repeat(32) },
    });
  });

  it('counts an empty variable as unset', () => {
    expect(readSettings({ ...TEST_ENV, LOCK_TTL_MS: '', HOST: '  ' })).toMatchObject({
      lockTtlMs: 2_000,
      host: '127.0.0.1',
    });
  });

  it.each([
    ['0', 0, 0],
    ['60', 60, 3_000],
    ['5', 5, 250],
  ])('RATE_LIMIT_PER_MINUTE=%s sets both personal limits', (text, patient, staff) => {
    expect(readSettings({ ...TEST_ENV, RATE_LIMIT_PER_MINUTE: text })).toMatchObject({
      patientLimitPerMinute: patient,
      staffLimitPerMinute: staff,
    });
  });

  it.each([
    ['MONGODB_URI', 'postgres://x'],
    ['MONGODB_URI', undefined],
    ['REDIS_URLS', undefined],
    ['REDIS_URLS', 'redis://a:1,redis://b:1'],
    ['REDIS_URLS', 'redis://a:1,redis://a:1,redis://b:1'],
    ['REDIS_URLS', 'http://a:1'],
    ['REDIS_URLS', 'a:1'],
    ['PATIENT_API_PORT', '65536'],
    ['DESK_API_PORT', 'http'],
    ['ADMIN_API_PORT', '-1'],
    ['HOST', 'a b'],
    ['LOCK_TTL_MS', '999'],
    ['LOCK_WAIT_MS', '2001'],
    ['LOCK_WAIT_MS', '1.5'],
    ['RATE_LIMIT_PER_MINUTE', 'many'],
    ['ADDRESS_LIMIT_PER_MINUTE', '1e3'],
    ['TOKEN_SIGNING_KEY', undefined],
    ['TOKEN_SIGNING_KEY', 'k'.repeat(31)],
    ['OTP_WEBHOOK_URL', 'ftp://x'],
    ['MAX_ACTIVE_BOOKINGS_PER_PATIENT', '-5'],
    ['CLINIC_TIME_ZONE', 'Asia/Atlantis'],
    ['LOG_LEVEL', 'loud'],
    ['OPD_DEMO', 'yes'],
  ])('refuses %s=%s by name', (name, text) => {
    const webhook = name === 'OTP_WEBHOOK_URL' ? { OTP_WEBHOOK_SECRET: 's'.repeat(32) } : {};
    const wrong = wrongOf({ ...TEST_ENV, ...webhook, [name]: text });
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatch(new RegExp(`^${name} must `));
  });

  it('names everything that is wrong at once, and tells no value', () => {
    const env = {
      MONGODB_URI: 'http://user:hunter2@db',
      REDIS_URLS: 'redis://:hunter2@a:1,redis://b:1',
      TOKEN_SIGNING_KEY: 'hunter2',
      OTP_WEBHOOK_URL: 'https://sms.example',
      OPD_DEMO: 'true',
      NODE_ENV: 'production',
    };
    expect(wrongOf(env).map((line) => line.split(' ')[0])).toEqual([
      'MONGODB_URI',
      'REDIS_URLS',
      'TOKEN_SIGNING_KEY',
      'OPD_DEMO',
      'OTP_WEBHOOK_SECRET',
    ]);
    expect(() => readSettings(env)).toThrow('The settings are not valid:\n  MONGODB_URI must');
    expect(wrongOf(env).join()).not.toContain('hunter2');
  });

  it('refuses the demo in production, and only there', () => {
    const demo = { ...TEST_ENV, OPD_DEMO: 'true' };
    expect(wrongOf({ ...demo, NODE_ENV: 'production' })).toHaveLength(1);
    expect(wrongOf({ ...demo, NODE_ENV: 'test' })).toHaveLength(0);
    expect(wrongOf({ ...TEST_ENV, NODE_ENV: 'production' })).toHaveLength(0);
  });
});
