/**
 * Goal: another owner and an outage are never mistaken for each other, for every way in which the
 * votes of 1, 3 or 5 nodes can fall.
 * Method: all combinations of yes, locked and failed that give no quorum, against a rule told
 * differently: take the other owners away, let the nodes that failed fail again, count once more.
 */
import { type Redis } from 'ioredis';
import { ResourceLockedError } from 'redlock';
import { verdictOf, type Votes } from './verdict';

interface Count {
  readonly yes: number;
  readonly locked: number;
  readonly failed: number;
}

function votesOf({ yes, locked, failed }: Count, cause = 'Command timed out'): Votes {
  // The verdict counts nodes and never uses them, so a name does for each.
  const node = (name: string) => name as unknown as Redis;
  const names = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => node(`${kind}-${index}`));
  const membershipSize = yes + locked + failed;
  return {
    membershipSize,
    quorumSize: Math.floor(membershipSize / 2) + 1,
    votesFor: new Set(names('yes', yes)),
    votesAgainst: new Map([
      ...names('locked', locked).map((name) => [name, new ResourceLockedError('0 of 1')] as const),
      ...names('failed', failed).map((name) => [name, new Error(cause)] as const),
    ]),
  };
}

function refusals(nodes: number): Count[] {
  const counts: Count[] = [];
  for (let yes = 0; yes <= nodes / 2; yes += 1) {
    for (let locked = 0; locked <= nodes - yes; locked += 1) {
      counts.push({ yes, locked, failed: nodes - yes - locked });
    }
  }
  return counts;
}

describe('verdictOf', () => {
  it.each([
    [1, 2],
    [3, 7],
    [5, 15],
  ])('says BUSY on %i nodes exactly if a try without other owners had won', (nodes, cases) => {
    const counts = refusals(nodes);
    expect(counts).toHaveLength(cases);
    for (const count of counts) {
      const yesWithoutOthers = nodes - count.failed;
      const expected = yesWithoutOthers > nodes / 2 ? 'BUSY' : 'UNAVAILABLE';
      expect({ count, outcome: verdictOf(votesOf(count)).outcome }).toEqual({
        count,
        outcome: expected,
      });
    }
  });

  it.each([
    ['one node, locked', { yes: 0, locked: 1, failed: 0 }, 'BUSY'],
    ['one node, away', { yes: 0, locked: 0, failed: 1 }, 'UNAVAILABLE'],
    ['three nodes, a split vote', { yes: 1, locked: 2, failed: 0 }, 'BUSY'],
    ['three nodes, one away, one locked', { yes: 1, locked: 1, failed: 1 }, 'BUSY'],
    ['three nodes, one away, two locked', { yes: 0, locked: 2, failed: 1 }, 'BUSY'],
    ['three nodes, two away, one free', { yes: 1, locked: 0, failed: 2 }, 'UNAVAILABLE'],
    ['three nodes, two away, one locked', { yes: 0, locked: 1, failed: 2 }, 'UNAVAILABLE'],
    ['five nodes, two away, one locked', { yes: 2, locked: 1, failed: 2 }, 'BUSY'],
    ['five nodes, three away, two locked', { yes: 0, locked: 2, failed: 3 }, 'UNAVAILABLE'],
  ])('%s', (_title, count, outcome) => {
    expect(verdictOf(votesOf(count)).outcome).toBe(outcome);
  });

  it('explains an outage with the numbers and each cause once', () => {
    expect(verdictOf(votesOf({ yes: 1, locked: 0, failed: 2 }))).toEqual({
      outcome: 'UNAVAILABLE',
      reason: '1 of 3 lock nodes answered, 2 are needed (Command timed out)',
    });
  });

  it('keeps the explanation short, whatever a node answers', () => {
    const verdict = verdictOf(votesOf({ yes: 0, locked: 0, failed: 5 }, 'x'.repeat(10_000)));
    expect(JSON.stringify(verdict).length).toBeLessThan(250);
  });
});
