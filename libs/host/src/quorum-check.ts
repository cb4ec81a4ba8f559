import type { ReadinessCheck } from '@opd/platform';

/** What can be asked whether it is there. */
export interface Pinged {
  ping(): Promise<unknown>;
}

/** Passes while a majority of the lock nodes answers: with fewer no slot can be locked. */
export function quorumCheck(nodes: readonly Pinged[]): ReadinessCheck {
  return async () => {
    const answers = await Promise.allSettled(nodes.map((node) => node.ping()));
    const alive = answers.filter(({ status }) => status === 'fulfilled').length;
    if (alive <= nodes.length / 2) throw new Error(`${alive} of ${nodes.length} lock nodes answer`);
  };
}
