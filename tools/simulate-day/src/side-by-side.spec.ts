/**
 * Goal: work runs in order, never wider than told, and a failure is not swallowed.
 * Method: tasks that count how many of them run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sideBySide } from './side-by-side';

describe('work side by side', () => {
  it('does everything, begins in order, and keeps to its width', async () => {
    const begun: number[] = [];
    let running = 0;
    let widest = 0;
    const items = Array.from({ length: 30 }, (_, at) => at);
    await sideBySide(
      items,
      async (item) => {
        begun.push(item);
        widest = Math.max(widest, ++running);
        await sleep(item % 3);
        running--;
      },
      { concurrency: 4 },
    );
    expect(begun).toEqual(items);
    expect(widest).toBe(4);
    expect(running).toBe(0);
  });

  it('rejects with the first failure, after what was under way has ended', async () => {
    const ended: number[] = [];
    const work = sideBySide(
      [1, 2, 3, 4, 5, 6],
      async (item) => {
        await sleep(item === 2 ? 1 : 20);
        if (item === 2) throw new Error('two');
        ended.push(item);
      },
      { concurrency: 2 },
    );
    await expect(work).rejects.toThrow('two');
    expect(ended).toEqual([1]);
  });

  it('begins nothing more once it is told to stop', async () => {
    const begun: number[] = [];
    await sideBySide(
      [1, 2, 3, 4],
      (item) => {
        begun.push(item);
        return Promise.resolve();
      },
      { concurrency: 1, shouldStop: () => begun.length >= 2 },
    );
    expect(begun).toEqual([1, 2]);
  });
});
