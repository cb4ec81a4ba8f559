import { resolve } from 'node:path';
import { readSettings } from '@opd/platform';
import { freePort, isPortFree } from '@opd/services';

/** The three APIs, in the order in which they are printed. */
export const API_NAMES = ['patient-api', 'desk-api', 'admin-api'] as const;
/** Name of an API: of its folder, its build and its log. */
export type ApiName = (typeof API_NAMES)[number];

const PORT_VARIABLES = {
  'patient-api': 'PATIENT_API_PORT',
  'desk-api': 'DESK_API_PORT',
  'admin-api': 'ADMIN_API_PORT',
} as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** What one `npm start` is going to do, checked, before anything is touched. */
export interface StartPlan {
  /** Absolute. */
  dataDir: string;
  host: string;
  ports: Readonly<Record<ApiName, number>>;
  isDemo: boolean;
  /** A store that somebody else runs; without one we run our own. */
  mongodbUri: string | undefined;
  redisUrls: string | undefined;
  /** Given from outside; without one the demo makes its own. */
  tokenSigningKey: string | undefined;
}

const PLACEHOLDERS = {
  MONGODB_URI: 'mongodb://127.0.0.1/',
  REDIS_URLS: 'redis://127.0.0.1',
  TOKEN_SIGNING_KEY: 'made at the first start of the demo',
} as const;

/**
 * Reads the environment by the rules of the APIs, so that a wrong setting is named before anything
 * starts. Without MONGODB_URI it is the demo. A port 0 becomes a free one.
 * @throws SettingsError naming every wrong variable.
 */
export async function planStart(env: Variables): Promise<StartPlan> {
  const set = (name: string) => env[name]?.trim() || undefined;
  const isOwnClinic = set('MONGODB_URI') !== undefined;
  const demo = set('OPD_DEMO') ?? String(!isOwnClinic);
  const settings = readSettings({
    ...env,
    OPD_DEMO: demo,
    MONGODB_URI: set('MONGODB_URI') ?? PLACEHOLDERS.MONGODB_URI,
    REDIS_URLS: set('REDIS_URLS') ?? PLACEHOLDERS.REDIS_URLS,
    // Only the demo may go without: elsewhere the key is shared with other replicas.
    TOKEN_SIGNING_KEY:
      set('TOKEN_SIGNING_KEY') ?? (demo === 'true' ? PLACEHOLDERS.TOKEN_SIGNING_KEY : undefined),
  });
  return {
    dataDir: resolve(settings.opdDataDir),
    host: settings.host,
    ports: {
      'patient-api': settings.patientApiPort || (await freePort()),
      'desk-api': settings.deskApiPort || (await freePort()),
      'admin-api': settings.adminApiPort || (await freePort()),
    },
    isDemo: settings.isDemo,
    mongodbUri: set('MONGODB_URI'),
    redisUrls: set('REDIS_URLS'),
    tokenSigningKey: set('TOKEN_SIGNING_KEY'),
  };
}

/** Rejects with one sentence that names the first port that cannot be used. */
export async function refuseTakenPorts(plan: StartPlan): Promise<void> {
  const seen = new Map<number, ApiName>();
  for (const name of API_NAMES) {
    const port = plan.ports[name];
    const twin = seen.get(port);
    const variable = PORT_VARIABLES[name];
    if (twin) throw new Error(`${PORT_VARIABLES[twin]} and ${variable} are both ${port}.`);
    seen.set(port, name);
    if (!(await isPortFree(port, plan.host))) {
      throw new Error(
        `Port ${port} of ${plan.host} is taken, so ${name} cannot start. ` +
          `Stop what uses it, or set ${variable} to a free port.`,
      );
    }
  }
}

/** What an API is told: our environment, with everything that was decided here. */
export function apiEnvironment(
  env: Variables,
  plan: StartPlan,
  stores: { mongodbUri: string; redisUrls: string; tokenSigningKey: string },
): NodeJS.ProcessEnv {
  const ports = API_NAMES.map((name) => [PORT_VARIABLES[name], String(plan.ports[name])]);
  return {
    ...env,
    ...(Object.fromEntries(ports) as Record<string, string>),
    HOST: plan.host,
    OPD_DATA_DIR: plan.dataDir,
    OPD_DEMO: String(plan.isDemo),
    MONGODB_URI: stores.mongodbUri,
    REDIS_URLS: stores.redisUrls,
    TOKEN_SIGNING_KEY: stores.tokenSigningKey,
  };
}
