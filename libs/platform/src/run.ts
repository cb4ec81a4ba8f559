import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BootError } from './mongo';
import { readSettings, SettingsError, type Settings } from './settings';

const STOP_WITHIN_MS = 5_000;

/** How a process starts its one API. */
export interface ApiProcess {
  readonly create: (settings: Settings) => Promise<NestFastifyApplication>;
  readonly port: (settings: Settings) => number;
}

/**
 * The whole of an API's `main.ts`: reads the settings, starts the API, and stops it on SIGTERM or
 * Ctrl-C within 5 s. When it cannot start, prints why in plain words and ends with status 1.
 */
export async function runApi(api: ApiProcess): Promise<void> {
  await runOrExplain(async () => {
    const settings = readSettings(process.env);
    const app = await api.create(settings);
    stopOnSignal(app);
    await app.listen(api.port(settings), settings.host);
  });
}

/** Runs the start of a program. What its operator can mend is printed as a sentence, not a stack. */
export async function runOrExplain(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (error instanceof SettingsError || error instanceof BootError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') return error.message;
  return error.stack ?? error.message;
}

/** A second signal of the same kind ends the process at once: that is Node's own answer. */
function stopOnSignal(app: NestFastifyApplication): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await app.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void runOrExplain(stop));
  }
}
