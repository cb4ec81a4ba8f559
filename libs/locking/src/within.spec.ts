/**
 * Goal: nothing is waited for longer than said, and what comes too late harms nobody.
 * Method: promises that settle in time, late or never, on the real clock.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './within';

describe('within', () => {
  it('hands on what was in time', async () => {
    await expect(within(Promise.resolve(7), 50)).resolves.toEqual({ state: 'DONE', value: 7 });
  });

  it('hands on a rejection as a value', async () => {
    const error = new Error('broken');
    await expect(within(Promise.reject(error), 50)).resolves.toEqual({ state: 'FAILED', error });
  });

  it('gives up on a promise that never settles', async () => {
    const startedMs = performance.now();
    await expect(within(new Promise(() => undefined), 30)).resolves.toEqual({ state: 'LATE' });
    expect(performance.now() - startedMs).toBeLessThan(200);
  });

  it('lets a late rejection pass without an unhandled one', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const late = sleep(30).then(() => Promise.reject(new Error('too late')));
    await expect(within(late, 5)).resolves.toEqual({ state: 'LATE' });
    await sleep(60);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('leaves no timer behind when the promise was in time', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
    const before = timers().length;
    await within(Promise.resolve(), 60_000);
    expect(timers()).toHaveLength(before);
  });
});
