/**
 * Goal: the first real account of a house can be opened without the demo, and signs in.
 * Method: the program runs as a person would run it, on a real and empty MongoDB.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  AccessTokens,
  PasswordChecks,
  SignInAttempts,
  SignInStaff,
  StaffAccounts,
} from '@opd/auth';
import { testMongoUri } from '@opd/testing';
import { createConnection } from 'mongoose';

// Each run compiles the program anew, which a busy machine takes its time for.
jest.setTimeout(60_000);

const ROOT = join(__dirname, '../../..');
const PASSWORD = 'a long enough password';
const ADD = ['add', '--username', 'Chief', '--role', 'ADMIN', '--name', 'Asha Rao'];

async function runStaff(args: string[], options: { password?: string; mongodbUri?: string } = {}) {
  const program = ['-r', '@swc-node/register', 'tools/staff/src/main.ts', ...args];
  const env = { ...process.env, SWC_NODE_PROJECT: 'tsconfig.base.json' };
  const child = spawn(process.execPath, program, {
    cwd: ROOT,
    env: { ...env, MONGODB_URI: options.mongodbUri ?? '' },
  });
  child.stdin.end(options.password ?? '');
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, problem, status] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { out, problem, status };
}

describe('npm run staff', () => {
  it('opens an account that signs in, and only one of that name', async () => {
    const mongodbUri = testMongoUri();
    const first = await runStaff(ADD, { password: `${PASSWORD}\n`, mongodbUri });
    expect(first).toEqual({
      status: 0,
      problem: '',
      out: expect.stringMatching(/^ADMIN Asha Rao: st_\S+\n$/),
    });
    const second = await runStaff(ADD, { password: PASSWORD, mongodbUri });
    expect(second).toEqual({ status: 1, problem: 'This user name is taken.\n', out: '' });

    const connection = await createConnection(mongodbUri, { autoIndex: false }).asPromise();
    const signingKey = 'a signing key that only the specs have';
    const signIn = new SignInStaff({
      accounts: new StaffAccounts(connection, { isDemo: false }),
      attempts: new SignInAttempts(connection, signingKey),
      checks: new PasswordChecks(),
      tokens: new AccessTokens(signingKey),
    });
    const signedIn = await signIn.execute({ username: 'chief', password: PASSWORD });
    expect(signedIn).toMatchObject({ ok: true, value: { user: { role: 'ADMIN' } } });
    await connection.dropDatabase();
    await connection.close();
  });

  it('says what is wrong and opens nothing', async () => {
    const short = await runStaff(ADD, { password: 'short', mongodbUri: testMongoUri() });
    expect(short).toMatchObject({
      status: 1,
      problem: 'password must have 12 to 200 characters.\n',
    });
    const nowhere = await runStaff(ADD, { password: PASSWORD });
    expect(nowhere).toMatchObject({ status: 1, problem: expect.stringContaining('MONGODB_URI') });
    const noStaff = ADD.map((each) => (each === 'ADMIN' ? 'PATIENT' : each));
    const usage = await runStaff(noStaff, { mongodbUri: 'mongodb://127.0.0.1:1/none' });
    expect(usage).toMatchObject({ status: 1, problem: expect.stringContaining('DESK|ADMIN') });
  });

  it('explains itself', async () => {
    const help = await runStaff(['--help']);
    expect(help).toMatchObject({ status: 0, out: expect.stringContaining('MONGODB_URI') });
  });
});
