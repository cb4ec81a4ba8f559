/**
 * Goal: every promise is kept in every simulated world, one seed gives one history, and the checker
 * sees what is wrong. Method: a small range of seeds here (the long ranges run by `npm run simulate`);
 * one seed twice; and planted histories that no order can explain.
 */
import { linearize } from './check/linearize';
import { claimObject, type ClaimOperation } from './check/claim-rules';
import { lineOf } from './history';
import { playSeed, simulate } from './simulate';

describe('simulated worlds', () => {
  it('keep every promise', async () => {
    const result = await simulate({ from: 1, to: 60 });
    expect(result.violations).toEqual([]);
    expect(result.histories).toBe(60);
    expect(result.operations).toBeGreaterThan(60 * 20);
  }, 120_000);

  it('are the same for the same seed', async () => {
    const lines = async () => (await playSeed(7)).chronicle.history.map(lineOf);
    expect(await lines()).toEqual(await lines());
  }, 30_000);
});

const takes = (bookingId: string, from: number, to: number): ClaimOperation => ({
  ...{ says: 'TAKES' as const, bookingId, from, to },
});
const isFree = (from: number, to: number): ClaimOperation => ({ says: 'IS_FREE', from, to });

describe('the linearizability checker', () => {
  it.each<[string, ClaimOperation[], string | undefined]>([
    ['one claim after the look', [isFree(1, 2), takes('b', 3, 4)], 'b'],
    ['a look that may have come first', [takes('b', 1, 4), isFree(2, 3)], 'b'],
    ['an open one that took effect', [takes('b', 1, Infinity)], 'b'],
    ['an open one that never did', [takes('b', 1, Infinity), isFree(2, 3)], undefined],
  ])('explains %s', (_name, operations, end) => {
    expect(linearize(operations, claimObject(end))).toBe('LINEARIZABLE');
  });

  it.each<[string, ClaimOperation[], string | undefined]>([
    ['two claims', [takes('a', 1, 4), takes('b', 2, 3)], 'b'],
    ['a look that came after the claim', [takes('b', 1, 2), isFree(3, 4)], 'b'],
    ['a claim that is not there in the end', [takes('b', 1, 2)], undefined],
  ])('finds no order for %s', (_name, operations, end) => {
    expect(linearize(operations, claimObject(end))).toBe('NOT_LINEARIZABLE');
  });
});
