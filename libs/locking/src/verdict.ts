import { type ExecutionStats, ResourceLockedError } from 'redlock';

/** Why a vote over all nodes gave us no lock. */
export type Verdict =
  { readonly outcome: 'BUSY' } | { readonly outcome: 'UNAVAILABLE'; readonly reason: string };

/** The votes of all nodes, once all are in. */
export type Votes = Pick<
  ExecutionStats,
  'membershipSize' | 'quorumSize' | 'votesFor' | 'votesAgainst'
>;

/**
 * Tells another owner from an outage; Redlock itself reports both with the same error.
 *
 * The question is: had nobody else held the slot, would we have got it? Every node that answered,
 * with yes or with "locked", would then have said yes. So a quorum of answers means BUSY, and the
 * lock can be had as soon as the others are done; fewer means that no patience helps: UNAVAILABLE.
 */
export function verdictOf(votes: Votes): Verdict {
  const refusals = [...votes.votesAgainst.values()];
  const failures = refusals.filter((error) => !(error instanceof ResourceLockedError));
  const answered = votes.votesFor.size + refusals.length - failures.length;
  if (answered >= votes.quorumSize) return { outcome: 'BUSY' };
  const causes = new Set(failures.map((error) => error.message.slice(0, 100)));
  return {
    outcome: 'UNAVAILABLE',
    reason: `${answered} of ${votes.membershipSize} lock nodes answered, ${votes.quorumSize} are needed (${[...causes].join('; ')})`,
  };
}
