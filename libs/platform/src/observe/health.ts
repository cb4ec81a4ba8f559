import { type FastifyInstance } from 'fastify';
import { PUBLIC } from '../http/access';

const CHECK_TIMEOUT_MS = 300;

/** Resolves when the part can be used, rejects when not. Need not bound its own time. */
export type ReadinessCheck = () => Promise<unknown>;

type CheckState = 'ok' | 'failed';

/**
 * `GET /health/live`: the process answers, whatever becomes of the stores. `GET /health/ready`: 200
 * when every check passed in 300 ms, else 503; both with `{ status, checks }`.
 */
export function serveHealth(
  instance: FastifyInstance,
  checks: Readonly<Record<string, ReadinessCheck>>,
): void {
  instance.get('/health/live', { config: PUBLIC }, () => Promise.resolve({ status: 'ok' }));
  instance.get('/health/ready', { config: PUBLIC }, async (_request, reply) => {
    const states = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const),
    );
    const status: CheckState = states.every(([, state]) => state === 'ok') ? 'ok' : 'failed';
    reply.code(status === 'ok' ? 200 : 503);
    return { status, checks: Object.fromEntries(states) };
  });
}

async function stateOf(check: ReadinessCheck): Promise<CheckState> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<CheckState>((resolve) => {
    timer = setTimeout(() => resolve('failed'), CHECK_TIMEOUT_MS);
  });
  const answer = Promise.resolve()
    .then(check)
    .then(
      () => 'ok' as const,
      () => 'failed' as const,
    );
  const state = await Promise.race([answer, timeout]);
  clearTimeout(timer);
  return state;
}
