/**
 * Goal: progress is one changing line on a terminal, and does not flood a log.
 * Method: a stream that keeps what is written, once as a terminal and once not.
 */
import { Writable } from 'node:stream';
import { Progress } from './progress';

function stream(isTTY: boolean): { out: NodeJS.WriteStream; written: () => string } {
  let text = '';
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    out: Object.assign(out, { isTTY }) as unknown as NodeJS.WriteStream,
    written: () => text,
  };
}

describe('progress', () => {
  it('rewrites one line of a terminal and ends it', () => {
    const { out, written } = stream(true);
    const progress = new Progress(out);
    progress.show('1 of 2');
    progress.show('2 of 2');
    progress.end();
    const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[\\d+[GK]`, 'g');
    expect(written().replace(ESCAPES, '<')).toBe('<<1 of 2<<2 of 2<<2 of 2\n');
  });

  it('writes a log its first line, then one now and then, and always the last', () => {
    const { out, written } = stream(false);
    const progress = new Progress(out);
    for (const count of [1, 2, 3]) progress.show(`${count} of 3`);
    progress.end();
    expect(written()).toBe('1 of 3\n3 of 3\n');
  });
});
