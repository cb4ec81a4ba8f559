import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/**
 * The password of a new account: what comes through a pipe, less its last line break; or, at a
 * terminal, what is typed twice without being shown. Never an argument, which every user of the
 * machine could read.
 *
 * @throws Error when the two entries differ.
 */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '');
  const password = await ask('Password: ');
  if ((await ask('Once more: ')) !== password) throw new Error('The two passwords differ.');
  return password;
}

async function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: process.stdin, output: unseen, terminal: true });
  // Without this, Ctrl-C would only pause the input and leave the terminal waiting.
  line.once('SIGINT', () => process.exit(130));
  try {
    return await line.question('');
  } finally {
    line.close();
    process.stderr.write('\n');
  }
}
