import { z } from 'zod';

/** Everything that a process of ours is told from outside, checked. Units stand last in the names. */
export interface Settings {
  readonly mongodbUri: string;
  /** 1, 3 or 5 independent nodes. */
  readonly redisUrls: readonly string[];
  readonly patientApiPort: number;
  readonly deskApiPort: number;
  readonly adminApiPort: number;
  readonly host: string;
  readonly opdDataDir: string;
  readonly lockTtlMs: number;
  /** How long a booking waits for a slot that somebody else holds; 0 = answer 429 at once. */
  readonly lockWaitMs: number;
  /** Requests a minute of one patient; 0 = no limit. */
  readonly patientLimitPerMinute: number;
  /** Requests a minute of one staff member; 0 = no limit. */
  readonly staffLimitPerMinute: number;
  /** Requests a minute of one network address; 0 = no limit. */
  readonly addressLimitPerMinute: number;
  /** Secret. Shared by all replicas of all three APIs. */
  readonly tokenSigningKey: string;
  /** Where one-time codes are delivered; the secret signs each delivery. */
  readonly otpWebhook?: { readonly url: string; readonly secret: string };
  /** 0 = no limit. */
  readonly maxActiveBookingsPerPatient: number;
  /** An IANA time zone. */
  readonly clinicTimeZone: string;
  readonly logLevel: LogLevel;
  readonly isDemo: boolean;
  readonly isProduction: boolean;
}

/** How much is logged, from the least to the most; `silent` logs nothing. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** What is logged: this level and everything more urgent. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The settings are wrong: the message names each wrong one and says what is allowed, never its value. */
export class SettingsError extends Error {
  constructor(readonly wrong: readonly string[]) {
    super(`The settings are not valid:\n${wrong.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

const MIN_SECRET_CHARACTERS = 32;
/** What one unit of RATE_LIMIT_PER_MINUTE gives a staff member: he serves many patients. */
const STAFF_LIMIT_FACTOR = 50;

/** A variable with one sentence for everything that may be wrong with it. */
function checked(allowed: string, isAllowed: (text: string) => boolean) {
  return z.string({ error: allowed }).refine(isAllowed, { error: allowed });
}

function wholeNumber(min: number, max: number, byDefault: number) {
  return checked(
    `must be a whole number from ${min} to ${max}`,
    (text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max,
  )
    .default(String(byDefault))
    .transform(Number);
}

function isUrlOf(protocols: readonly string[], text: string): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function isRedisList(text: string): boolean {
  const urls = splitList(text);
  const areApart = new Set(urls).size === urls.length;
  return (
    [1, 3, 5].includes(urls.length) &&
    areApart &&
    urls.every((url) => isUrlOf(['redis:', 'rediss:'], url))
  );
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

const yesOrNo = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .default('false')
  .transform((text) => text === 'true');

const secret = checked(
  `must be set to a secret of at least ${MIN_SECRET_CHARACTERS} characters`,
  (text) => text.length >= MIN_SECRET_CHARACTERS,
);

const Environment = z.object({
  // Several hosts of one replica set are no URL in Node's sense, so only the start is looked at.
  MONGODB_URI: checked(
    'must be set to mongodb://host:port[,host:port...][/database][?replicaSet=name]',
    (text) => /^mongodb(\+srv)?:\/\/[^/\s]+/.test(text),
  ),
  REDIS_URLS: checked(
    'must be set to 1, 3 or 5 different redis://host:port, joined by commas',
    isRedisList,
  ).transform(splitList),
  PATIENT_API_PORT: wholeNumber(0, 65_535, 3001),
  DESK_API_PORT: wholeNumber(0, 65_535, 3002),
  ADMIN_API_PORT: wholeNumber(0, 65_535, 3003),
  HOST: checked('must be a host name or an address', (text) => /^[\w.:-]+$/.test(text)).default(
    '127.0.0.1',
  ),
  OPD_DATA_DIR: z.string().default('.opd'),
  LOCK_TTL_MS: wholeNumber(1_000, 60_000, 2_000),
  LOCK_WAIT_MS: wholeNumber(0, 2_000, 250),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000, 60),
  ADDRESS_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000, 0),
  TOKEN_SIGNING_KEY: secret,
  OTP_WEBHOOK_URL: checked('must be an http:// or https:// URL', (text) =>
    isUrlOf(['http:', 'https:'], text),
  ).optional(),
  OTP_WEBHOOK_SECRET: secret.optional(),
  MAX_ACTIVE_BOOKINGS_PER_PATIENT: wholeNumber(0, 1_000, 5),
  CLINIC_TIME_ZONE: checked(
    'must be an IANA time zone that exists, such as Asia/Kolkata',
    isTimeZone,
  ).default('Asia/Kolkata'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
  OPD_DEMO: yesOrNo,
  NODE_ENV: z.string().default('development'),
});

type Variables = Readonly<Record<string, string | undefined>>;

/** What is wrong between two variables that may each be right. */
function wrongTogether(set: Variables): string[] {
  const wrong: string[] = [];
  if (set['OPD_DEMO'] === 'true' && set['NODE_ENV'] === 'production') {
    wrong.push('OPD_DEMO must not be true where NODE_ENV is production: its passwords are public');
  }
  if (set['OTP_WEBHOOK_URL'] !== undefined && set['OTP_WEBHOOK_SECRET'] === undefined) {
    wrong.push(
      `OTP_WEBHOOK_SECRET must be set beside OTP_WEBHOOK_URL, to at least ${MIN_SECRET_CHARACTERS} characters`,
    );
  }
  return wrong;
}

/**
 * Reads the settings from environment variables. An empty variable counts as unset. One number in
 * RATE_LIMIT_PER_MINUTE sets both personal limits in the proportion of the defaults, 60 to 3,000.
 * @throws SettingsError naming every wrong variable, before anything is connected.
 */
export function readSettings(env: Variables): Settings {
  const set = Object.fromEntries(
    Object.entries(env).flatMap(([name, text]) => (text?.trim() ? [[name, text.trim()]] : [])),
  );
  const parsed = Environment.safeParse(set);
  const issues = parsed.success ? [] : parsed.error.issues;
  const wrong = [
    ...issues.map((issue) => `${issue.path.join('.')} ${issue.message}`),
    ...wrongTogether(set),
  ];
  if (!parsed.success || wrong.length > 0) throw new SettingsError(wrong);
  return toSettings(parsed.data);
}

function toSettings(env: z.output<typeof Environment>): Settings {
  const { OTP_WEBHOOK_URL: url, OTP_WEBHOOK_SECRET: webhookSecret } = env;
  return {
    mongodbUri: env.MONGODB_URI,
    redisUrls: env.REDIS_URLS,
    patientApiPort: env.PATIENT_API_PORT,
    deskApiPort: env.DESK_API_PORT,
    adminApiPort: env.ADMIN_API_PORT,
    host: env.HOST,
    opdDataDir: env.OPD_DATA_DIR,
    lockTtlMs: env.LOCK_TTL_MS,
    lockWaitMs: env.LOCK_WAIT_MS,
    patientLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    staffLimitPerMinute: env.RATE_LIMIT_PER_MINUTE * STAFF_LIMIT_FACTOR,
    addressLimitPerMinute: env.ADDRESS_LIMIT_PER_MINUTE,
    tokenSigningKey: env.TOKEN_SIGNING_KEY,
    ...(url && webhookSecret && { otpWebhook: { url, secret: webhookSecret } }),
    maxActiveBookingsPerPatient: env.MAX_ACTIVE_BOOKINGS_PER_PATIENT,
    clinicTimeZone: env.CLINIC_TIME_ZONE,
    logLevel: env.LOG_LEVEL,
    isDemo: env.OPD_DEMO,
    isProduction: env.NODE_ENV === 'production',
  };
}
