import { connect, createServer } from 'node:net';

const TRIES = 100;
// The kernel may offer a port again before the server it was meant for listens on it.
const given = new Set<number>();

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, and that this process was not given before.
 * Another process may take it before it is used: who starts a server on it must be ready to hear
 * that it is taken.
 * @throws Error if a hundred offers in a row had been given already.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = await offeredPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`the system offers no port of 127.0.0.1 that is new, ${TRIES} times in a row`);
}

function offeredPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/**
 * The port for a server: the one asked for, else that of its last start, else a free one.
 * @throws Error with a sentence if the one asked for is taken; `title` says by whom it is wanted.
 */
export async function choosePort(
  title: string,
  wanted: { readonly asked?: number | undefined; readonly last?: number | undefined },
): Promise<number> {
  const { asked, last } = wanted;
  if (asked !== undefined) {
    if (await isPortFree(asked)) return asked;
    throw new Error(`port ${asked} of 127.0.0.1 is taken; ${title} cannot use it`);
  }
  return last !== undefined && (await isPortFree(last)) ? last : freePort();
}

/** True when nothing listens on this port of this address. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** True when something accepts connections on this port of 127.0.0.1. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isAccepted: boolean) => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
