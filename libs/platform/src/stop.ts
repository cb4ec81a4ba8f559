import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type FastifyInstance } from 'fastify';

const SWEEP_MS = 25;
/** A request is answered within 3 s; what is still open then has nobody behind it. */
const CLOSE_ALL_AFTER_MS = 4_000;

/**
 * Makes `close()` let requests in flight finish and drop at once the connections that have none, also
 * those that never sent a byte (a browser's spare one): Node counts these as busy and would wait.
 */
export function stopGracefully(instance: FastifyInstance): void {
  const openRequests = trackRequests(instance.server);
  let sweep: NodeJS.Timeout;
  let end: NodeJS.Timeout;
  instance.addHook('preClose', (done) => {
    sweep = setInterval(() => {
      for (const [socket, count] of openRequests) if (count === 0) socket.destroy();
    }, SWEEP_MS);
    end = setTimeout(() => instance.server.closeAllConnections(), CLOSE_ALL_AFTER_MS);
    done();
  });
  instance.addHook('onClose', (_instance, done) => {
    clearInterval(sweep);
    clearTimeout(end);
    done();
  });
}

/** How many requests are in flight on each open connection. */
function trackRequests(server: Server): ReadonlyMap<Socket, number> {
  const open = new Map<Socket, number>();
  server.on('connection', (socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    open.set(socket, (open.get(socket) ?? 0) + 1);
    response.once('close', () => {
      if (open.has(socket)) open.set(socket, (open.get(socket) ?? 1) - 1);
    });
  });
  return open;
}
