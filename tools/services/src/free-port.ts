import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

// Below the range from which Linux takes the near ends of outgoing connections: any of these could
// sit on a server's port while it is restarted.
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const TRIES = 100;

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. Somebody else may take it before it is used:
 * who starts a server on it must be ready to hear that it is taken.
 * @throws Error if none of a hundred was free.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST_PORT, FIRST_PORT + PORTS);
    if (await isPortFree(port, '127.0.0.1')) return port;
  }
  throw new Error(`None of ${TRIES} ports from ${FIRST_PORT} on is free`);
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
