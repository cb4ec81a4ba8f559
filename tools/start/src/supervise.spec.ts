/**
 * Goal: a part that dies comes back, but not for ever, and nothing stays behind a stop.
 * Method: parts that are real `sleep` processes, killed from outside.
 */
import { StartedChild } from '@opd/services';
import { House } from './house';
import { Supervisor, type Part, type RunningPart } from './supervise';

/** A part made of a process that only sleeps; remembers every process it started. */
class SleepingPart implements Part {
  readonly children: StartedChild[] = [];
  /** What the next starts do instead of succeeding. */
  readonly failures: Error[] = [];
  /** Holds starts back until it resolves. */
  gate: Promise<unknown> = Promise.resolve();

  constructor(readonly name: string) {}

  async start(): Promise<RunningPart> {
    await this.gate;
    const failure = this.failures.shift();
    if (failure) throw failure;
    const child = await StartedChild.start('sleep', ['60']);
    this.children.push(child);
    return { address: `here:${this.name}`, ended: child.ended, stop: () => child.stop(1_000) };
  }

  get newest(): StartedChild {
    const child = this.children.at(-1);
    if (!child) throw new Error('nothing was started');
    return child;
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isTrue(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (!isTrue()) throw new Error('it did not come true within 2 s');
}

function killNewest(part: SleepingPart): Promise<void> {
  part.newest.signal('SIGKILL');
  return part.newest.ended;
}

function running(part: SleepingPart): number {
  return part.children.filter((child) => child.isRunning).length;
}

describe('a supervised part', () => {
  let part: SleepingPart;
  let lines: string[];
  let givenUp: string[];
  let supervisor: Supervisor;

  beforeEach(() => {
    part = new SleepingPart('sleeper');
    lines = [];
    givenUp = [];
    supervisor = new Supervisor(part, {
      report: (line) => lines.push(line),
      onGivenUp: (why) => givenUp.push(why),
    });
  });
  afterEach(() => supervisor.stop());

  it('is started again when it dies', async () => {
    expect(await supervisor.start()).toBe('here:sleeper');
    await killNewest(part);
    await until(() => part.children.length === 2);
    await until(() => lines.length === 2);
    expect(lines).toEqual(['sleeper ended; starting it again', 'sleeper  here:sleeper']);
    expect(running(part)).toBe(1);
    expect(givenUp).toEqual([]);
  });

  it('is given up when it dies a fourth time within a minute', async () => {
    await supervisor.start();
    for (let restarts = 1; restarts <= 3; restarts++) {
      await killNewest(part);
      await until(() => running(part) === 1);
    }
    expect(givenUp).toEqual([]);
    await killNewest(part);
    await until(() => givenUp.length > 0);
    expect(givenUp).toEqual(['sleeper ended 4 times within a minute.']);
    expect(part.children).toHaveLength(4);
    expect(running(part)).toBe(0);
  });

  it('may die as often as it likes over hours', async () => {
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    await supervisor.start();
    for (let restarts = 1; restarts <= 8; restarts++) {
      nowMs += 20_001;
      await killNewest(part);
      await until(() => running(part) === 1);
    }
    jest.restoreAllMocks();
    expect(givenUp).toEqual([]);
    expect(part.children).toHaveLength(9);
  });

  it('counts a start that fails as a death', async () => {
    await supervisor.start();
    part.failures.push(new Error('no 1'), new Error('no 2'), new Error('no 3'));
    await killNewest(part);
    await until(() => givenUp.length > 0);
    expect(lines.filter((line) => line.startsWith('no '))).toEqual(['no 1', 'no 2', 'no 3']);
    expect(part.children).toHaveLength(1);
  });

  it('does not repeat a first start that fails', async () => {
    part.failures.push(new Error('port taken'));
    await expect(supervisor.start()).rejects.toThrow('port taken');
    expect(part.children).toHaveLength(0);
    expect(lines).toEqual([]);
  });

  it('stays down after a stop', async () => {
    await supervisor.start();
    await supervisor.stop();
    expect(running(part)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(part.children).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('is stopped also when the stop meets it half started again', async () => {
    await supervisor.start();
    let open: () => void = () => undefined;
    part.gate = new Promise<void>((resolve) => (open = resolve));
    await killNewest(part);
    await until(() => lines.length === 1);
    const stopped = supervisor.stop();
    open();
    await stopped;
    expect(part.children).toHaveLength(2);
    expect(running(part)).toBe(0);
  });
});

describe('a house', () => {
  it('comes down storey by storey, the last one first', async () => {
    const order: string[] = [];
    const house = new House(() => undefined);
    const parts = ['store', 'api-1', 'api-2'].map((name) => new SleepingPart(name));
    const [store, ...apis] = parts;
    expect(await house.raise([store!])).toEqual(['here:store']);
    expect(await house.raise(apis)).toEqual(['here:api-1', 'here:api-2']);
    for (const part of parts) void part.newest.ended.then(() => order.push(part.name));
    await house.stop();
    expect(order).toHaveLength(3);
    expect(order.at(-1)).toBe('store');
    expect(parts.map(running)).toEqual([0, 0, 0]);
  });

  it('leaves nothing when one of a storey cannot start', async () => {
    const house = new House(() => undefined);
    const [good, bad] = [new SleepingPart('good'), new SleepingPart('bad')];
    bad.failures.push(new Error('no'));
    await expect(house.raise([good, bad])).rejects.toThrow('no');
    await house.stop();
    expect(good.children).toHaveLength(1);
    expect(running(good)).toBe(0);
  });

  it('raises nothing more once it is stopped', async () => {
    const house = new House(() => undefined);
    await house.stop();
    const part = new SleepingPart('late');
    await expect(house.raise([part])).rejects.toThrow('Stopped before everything was up.');
    expect(part.children).toHaveLength(0);
  });
});
