import { parseArgs } from 'node:util';
import { authMigrations, STAFF_ROLES, StaffAccounts } from '@opd/auth';
import { createConnection } from 'mongoose';
import { readPassword } from './read-password';

const USAGE = `Opens an account for a member of the staff.

  npm run staff -- add --username <name> --role ${STAFF_ROLES.join('|')} --name "<full name>"

The password (12 to 200 characters) is asked for, or read from a pipe.
MONGODB_URI says in which database.
`;

/** What the command line asks for. */
interface Wish {
  readonly username: string;
  readonly name: string;
  readonly role: (typeof STAFF_ROLES)[number];
}

function parseWish(args: string[]): Wish | undefined {
  const text = { type: 'string' } as const;
  const options = { username: text, role: text, name: text };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const role = STAFF_ROLES.find((each) => each === values.role);
  const { username, name } = values;
  if (positionals.join() !== 'add' || !username || !name || !role) return undefined;
  return { username, name, role };
}

/** Opens the account and says so; the text of what went wrong otherwise. */
async function add(wish: Wish, mongodbUri: string): Promise<string | undefined> {
  const password = await readPassword();
  const connection = createConnection(mongodbUri, {
    autoIndex: false,
    autoCreate: false,
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority' },
    serverSelectionTimeoutMS: 5_000,
  });
  try {
    await connection.asPromise();
    for (const migration of authMigrations) await migration.up(connection.db!);
    const accounts = new StaffAccounts(connection, { isDemo: false });
    const added = await accounts.add({ ...wish, password });
    if (!added.ok) return added.refusal.detail;
    process.stdout.write(`${added.value.role} ${added.value.name}: ${added.value.userId}\n`);
    return undefined;
  } finally {
    await connection.close();
  }
}

async function run(args: string[]): Promise<string | undefined> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return undefined;
  }
  const wish = parseWish(args);
  if (wish === undefined) return USAGE;
  const mongodbUri = process.env['MONGODB_URI'];
  if (!mongodbUri)
    return 'MONGODB_URI must be set: it says in which database the account is opened.';
  return add(wish, mongodbUri);
}

run(process.argv.slice(2))
  .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
  .then((problem) => {
    if (problem === undefined) return;
    process.stderr.write(`${problem.trimEnd()}\n`);
    process.exitCode = 1;
  })
  .catch(() => process.exit(1));
