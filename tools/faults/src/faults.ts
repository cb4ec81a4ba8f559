import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiInstance } from './api-rows';
import type { RealClinic } from './clinic';
import type { Draw } from './draw';
import type { MongoMember } from './mongo-set';
import type { ServerPart } from './server-part';
import type { LinkMode, TcpProxy, Traffic } from './tcp-proxy';

/** What is done to the parts of the clinic. */
export const FAULT_KINDS = [
  'api-kill',
  'api-stop',
  'redis-kill',
  'redis-majority-kill',
  'redis-stop',
  'redis-empty',
  'redis-cut',
  'redis-black-hole',
  'redis-latency',
  'mongo-primary-kill',
  'mongo-primary-stop',
  'mongo-step-down',
  'mongo-majority-stop',
  'mongo-cut',
  'mongo-black-hole',
  'mongo-latency',
  'mongo-slow-close',
  'mongo-primary-isolated',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How a kind counts in the report. One kind may count in two ways. */
export const FAMILIES: Readonly<Record<string, readonly FaultKind[]>> = {
  SIGKILL: ['api-kill', 'redis-kill', 'redis-majority-kill', 'mongo-primary-kill'],
  SIGSTOP: ['api-stop', 'redis-stop', 'mongo-primary-stop', 'mongo-majority-stop'],
  'connections cut, held or closed slowly': [
    'redis-cut',
    'redis-black-hole',
    'mongo-cut',
    'mongo-black-hole',
    'mongo-slow-close',
    'mongo-primary-isolated',
  ],
  'primary killed or stepped down': ['mongo-primary-kill', 'mongo-step-down'],
};

/** A fault that is aimed at a part and has not struck yet. */
export interface AimedFault {
  /** The API that it hits, if it is one: only requests to it are hit then. */
  readonly instance?: ApiInstance;
  /** Does it, at once. */
  readonly fire: () => void;
  /** Resolves when what was done is undone; the parts may need a moment more. */
  readonly heal: () => Promise<void>;
}

const LATENCY_MS = 250;
const SLOW_CLOSE_MS = 1_500;
const FIND_PRIMARY_MS = 2_000;

type Aim = (clinic: RealClinic, draw: Draw) => Promise<AimedFault | undefined>;

/** Chooses the part with `draw`; undefined where there is none to be hit at the moment. */
export async function aim(
  kind: FaultKind,
  clinic: RealClinic,
  draw: Draw,
): Promise<AimedFault | undefined> {
  return AIMS[kind](clinic, draw);
}

const AIMS: Readonly<Record<FaultKind, Aim>> = {
  'api-kill': (clinic, draw) => at(bookingApi(clinic, draw), killing),
  'api-stop': (clinic, draw) => at(bookingApi(clinic, draw), freezing),
  'redis-kill': (clinic, draw) => aimed(killing(redisParts(clinic, draw, 1))),
  'redis-majority-kill': (clinic, draw) => aimed(killing(redisParts(clinic, draw, 2))),
  'redis-stop': (clinic, draw) => aimed(freezing(redisParts(clinic, draw, 1))),
  'redis-empty': (clinic) => {
    let emptied = Promise.resolve();
    return aimed({ fire: () => void (emptied = clinic.redis.empty()), heal: () => emptied });
  },
  'redis-cut': (clinic, draw) => aimed(spoiling(redisLinks(clinic, draw), { kind: 'cut' })),
  'redis-black-hole': (clinic, draw) =>
    aimed(spoiling(redisLinks(clinic, draw), { kind: 'blackHole' })),
  'redis-latency': (clinic, draw) =>
    aimed(spoiling(redisLinks(clinic, draw), { kind: 'latency', delayMs: LATENCY_MS / 2 })),
  'mongo-primary-kill': (clinic) => atPrimary(clinic, ({ part }) => killing([part])),
  'mongo-primary-stop': (clinic) => atPrimary(clinic, ({ part }) => freezing([part])),
  'mongo-step-down': (clinic) =>
    atPrimary(clinic, (primary) => {
      let done = Promise.resolve();
      return { fire: () => void (done = clinic.mongo.stepDown(primary)), heal: () => done };
    }),
  'mongo-majority-stop': (clinic) =>
    atPrimary(clinic, (primary) => {
      const others = clinic.mongo.members.filter((member) => member !== primary);
      return freezing(others.map(({ part }) => part));
    }),
  'mongo-cut': (clinic) => atPrimaryLink(clinic, { kind: 'cut' }, 'api'),
  'mongo-black-hole': (clinic) => atPrimaryLink(clinic, { kind: 'blackHole' }, 'api'),
  'mongo-latency': (clinic) =>
    atPrimaryLink(clinic, { kind: 'latency', delayMs: LATENCY_MS }, 'api'),
  'mongo-slow-close': (clinic) =>
    atPrimaryLink(clinic, { kind: 'slowClose', delayMs: SLOW_CLOSE_MS }, 'api'),
  // The others elect a new one, while the APIs still write to this: what it takes is rolled back.
  'mongo-primary-isolated': (clinic) => atPrimaryLink(clinic, { kind: 'blackHole' }, 'member'),
};

function aimed(fault: AimedFault): Promise<AimedFault> {
  return Promise.resolve(fault);
}

function at(
  instance: ApiInstance,
  injure: (parts: readonly ServerPart[]) => AimedFault,
): Promise<AimedFault> {
  return aimed({ instance, ...injure([instance.part]) });
}

function killing(parts: readonly ServerPart[]): AimedFault {
  return {
    fire: () => parts.forEach((part) => part.kill()),
    heal: async () => void (await Promise.all(parts.map((part) => part.restart()))),
  };
}

function freezing(parts: readonly ServerPart[]): AimedFault {
  return {
    fire: () => parts.forEach((part) => part.freeze()),
    heal: () => Promise.resolve(parts.forEach((part) => part.thaw())),
  };
}

function spoiling(
  proxies: readonly TcpProxy[],
  mode: LinkMode,
  traffic: Traffic = 'api',
): AimedFault {
  const set = (next: LinkMode) => proxies.forEach((proxy) => proxy.setMode(next, [traffic]));
  return { fire: () => set(mode), heal: () => Promise.resolve(set({ kind: 'pass' })) };
}

// Only patients and the desk book; an administrators' API holds no lock.
function bookingApi(clinic: RealClinic, draw: Draw): ApiInstance {
  return draw.pick([...clinic.apis.of('patient'), ...clinic.apis.of('desk')]);
}

function redisParts(clinic: RealClinic, draw: Draw, count: number): ServerPart[] {
  return draw
    .shuffled(clinic.redis.nodes)
    .slice(0, count)
    .map(({ part }) => part);
}

/** To two of the three nodes, from one row of APIs or from both: enough to leave no majority. */
function redisLinks(clinic: RealClinic, draw: Draw): TcpProxy[] {
  const rows = draw.pick([[0], [1], [0, 1]]);
  const nodes = draw.shuffled(clinic.redis.nodes).slice(0, 2);
  return nodes.flatMap(({ proxies }) => proxies.filter((_, row) => rows.includes(row)));
}

function atPrimaryLink(
  clinic: RealClinic,
  mode: LinkMode,
  traffic: Traffic,
): Promise<AimedFault | undefined> {
  return atPrimary(clinic, ({ proxy }) => spoiling([proxy], mode, traffic));
}

async function atPrimary(
  clinic: RealClinic,
  injure: (primary: MongoMember) => AimedFault,
): Promise<AimedFault | undefined> {
  const untilMs = performance.now() + FIND_PRIMARY_MS;
  do {
    const primary = await clinic.mongo.primary();
    if (primary && !primary.part.isAway) return injure(primary);
    await sleep(50);
  } while (performance.now() < untilMs);
  return undefined;
}
