import { parseArgs } from 'node:util';
import { LocalDate } from '@opd/contracts';
import { MAX_ARRIVALS } from './arrivals';
import { type DaySize } from './generate';
import { parsed, unreadable, type Parsed } from './parsed';

/** What the tool is asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | ({ readonly kind: 'generate'; readonly out: string } & DaySize)
  | ({ readonly kind: 'play' } & PlayCommand);

/** How a file is to be played. */
export interface PlayCommand {
  readonly file: string;
  /** `YYYY-MM-DD`; without it the first free day from tomorrow on. */
  readonly date: string | undefined;
  readonly seed: number;
  readonly concurrency: number;
  readonly windowMinutes: number;
  readonly slotMinutes: number;
  /** Where the raw slot documents are read for the audit; without it, it is looked for. */
  readonly mongodbUri: string | undefined;
}

/** The day that is shipped with the tool, seen from the root of the repository. */
export const SHIPPED_DAY = 'tools/simulate-day/days/twelve-doctors.csv';

/** The text of `--help`. */
export const HELP = `Plays one day of arrivals against the running clinic, and audits what is left in its database.

npm run simulate-day -- [file.csv] [options]
  file.csv              the arrivals (default: ${SHIPPED_DAY})
  --date YYYY-MM-DD     the day to play them on (default: the first day from tomorrow on
                        on which the doctors of the file have no slots yet)
  --concurrency N       requests under way at a time, 1 to 500 (default: 32)
  --window N            steps inside N simulated minutes run side by side, 1 to 1440 (default: 1)
  --slot-minutes N      how long a slot lasts, 5 to 720 (default: 60)
  --seed N              draws punctuality and consultation times (default: 7)
  --mongodb-uri URI     the clinic's database, for the audit (default: MONGODB_URI, or the
                        one that "npm start" runs in OPD_DATA_DIR)

npm run simulate-day -- generate --out day.csv [options]
  --seed N              the same seed, the same bytes (default: 7)
  --doctors N           1 to 99 (default: 12)
  --arrivals N          1 to ${MAX_ARRIVALS} (default: 1500)

The file is CSV with the header minute,doctor,start,type,patient,outcome:
  minute    when the request arrives, in minutes since midnight, 0 to 1439
  doctor    a doctor's id, as in sim-dr-01; who is not registered yet will be
  start     the start of the slot asked for, HH:mm
  type      ONLINE, WALKIN, PAID, FOLLOWUP or EMERGENCY
  patient   a name; the same name is the same patient
  outcome   what becomes of the visit if it is admitted: SHOW, NOSHOW or CANCEL
Lines that begin with # are skipped.

ONLINE asks through patient-api, WALKIN and EMERGENCY through desk-api; PAID and FOLLOWUP through
patient-api until an hour before the slot, through desk-api after that. A CANCEL comes half-way
between the booking and the slot's start, a NOSHOW is marked 10 minutes after the start.

The APIs are looked for where they listen by default: HOST, PATIENT_API_PORT, DESK_API_PORT and
ADMIN_API_PORT. They must run as the demo ("npm start"), which tells the codes to sign in.

Exit status: 0 all rules held; 1 a rule was broken; 2 the arguments or the file are wrong, and
nothing was sent; 3 the day could not be played to its end; 130 stopped by Ctrl-C.
`;

/** Reads the command line, without node and script. Nothing is touched before it is right. */
export function readArguments(args: readonly string[]): Parsed<Command> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return parsed({ kind: 'help' });
  try {
    return args[0] === 'generate' ? readGenerate(args.slice(1)) : readPlay(args);
  } catch (error) {
    if (isArgumentError(error)) return unreadable(`${error.message} See --help.`);
    throw error;
  }
}

/** parseArgs says itself which argument is unknown or lacks its value. */
function isArgumentError(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
}

function readGenerate(args: readonly string[]): Parsed<Command> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '7' },
      doctors: { type: 'string', default: '12' },
      arrivals: { type: 'string', default: '1500' },
      out: { type: 'string' },
    },
  });
  const numbers = new WholeNumbers();
  const size = {
    seed: numbers.read('--seed', values.seed, [0, Number.MAX_SAFE_INTEGER]),
    doctors: numbers.read('--doctors', values.doctors, [1, 99]),
    arrivals: numbers.read('--arrivals', values.arrivals, [1, MAX_ARRIVALS]),
  };
  if (!values.out) numbers.problems.push('--out is missing: it must name the file to write.');
  if (numbers.problems.length > 0) return unreadable(...numbers.problems);
  return parsed({ kind: 'generate', out: values.out ?? '', ...size });
}

function readPlay(args: readonly string[]): Parsed<Command> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      date: { type: 'string' },
      seed: { type: 'string', default: '7' },
      concurrency: { type: 'string', default: '32' },
      window: { type: 'string', default: '1' },
      'slot-minutes': { type: 'string', default: '60' },
      'mongodb-uri': { type: 'string' },
    },
  });
  const numbers = new WholeNumbers();
  const rules = {
    seed: numbers.read('--seed', values.seed, [0, Number.MAX_SAFE_INTEGER]),
    concurrency: numbers.read('--concurrency', values.concurrency, [1, 500]),
    windowMinutes: numbers.read('--window', values.window, [1, 1_440]),
    slotMinutes: numbers.read('--slot-minutes', values['slot-minutes'], [5, 720]),
  };
  if (positionals.length > 1)
    numbers.problems.push(`${positionals.length} files are named; one at most is played.`);
  if (values.date !== undefined && !LocalDate.safeParse(values.date).success)
    numbers.problems.push(`--date is "${values.date}"; it must be a calendar day as YYYY-MM-DD.`);
  if (numbers.problems.length > 0) return unreadable(...numbers.problems);
  return parsed({
    kind: 'play',
    file: positionals[0] ?? SHIPPED_DAY,
    date: values.date,
    mongodbUri: values['mongodb-uri'],
    ...rules,
  });
}

/** Reads options that are whole numbers, and keeps what is wrong with them. */
class WholeNumbers {
  readonly problems: string[] = [];

  read(option: string, text: string, [least, most]: readonly [number, number]): number {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      this.problems.push(
        `${option} is "${text}"; it must be a whole number from ${least} to ${most}.`,
      );
    return value;
  }
}
