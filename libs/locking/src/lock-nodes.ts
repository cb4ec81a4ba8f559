import { Redis } from 'ioredis';

/** How many independent Redis nodes may carry the locks: even numbers can split a vote in halves. */
export const LOCK_NODE_COUNTS: readonly number[] = [1, 3, 5];

const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 500;
const SILENT_CONNECTION_MS = 1_000;
const CLOSE_TIMEOUT_MS = 200;

/**
 * Connects to the Redis nodes that carry the locks, with settings that turn an absent or frozen
 * node into a quick error instead of a wait, and find a node that is back within about a second.
 *
 * Returns at once; a node that is not there yet is retried for ever. Each client closes with its
 * own `disconnect()`.
 *
 * @throws RangeError when the URLs are not 1, 3 or 5 different `redis:` or `rediss:` addresses.
 */
export function connectLockNodes(urls: readonly string[]): Redis[] {
  checkLockNodeCount(urls.length);
  const addresses = urls.map(addressOf);
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) {
    throw new RangeError(`The lock node ${twice} is named twice: one node must not vote twice.`);
  }
  return urls.map(connect);
}

/** @throws RangeError unless this many nodes always have a majority. */
export function checkLockNodeCount(count: number): void {
  if (LOCK_NODE_COUNTS.includes(count)) return;
  const allowed = '1, 3 or 5 are allowed, because an even number can split a vote in halves';
  throw new RangeError(`Got ${count} Redis nodes for the locks: ${allowed}.`);
}

function connect(url: string): Redis {
  const node = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Without it a connection that went silent is kept until TCP gives up, minutes later, and
    // collects every command sent meanwhile.
    socketTimeout: SILENT_CONNECTION_MS,
    // A frozen node never closes its side: that must hold up neither a reconnect nor a stop.
    disconnectTimeout: CLOSE_TIMEOUT_MS,
    // What a lost connection cut off fails at once and is never sent again: a lock that nobody
    // waits for any more must not be taken after a reconnect.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * times, 400) + Math.random() * 50,
  });
  // Each failing command tells its caller; ioredis would print every failed reconnect besides.
  node.on('error', () => undefined);
  return node;
}

// Names a node without its credentials, so that it can stand in an error.
function addressOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol)) {
    throw new RangeError('A lock node must be given as redis://host:port or rediss://host:port.');
  }
  return `${parsed.hostname}:${parsed.port || '6379'}`;
}
