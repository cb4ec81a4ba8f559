import type { Random } from '../random';
import type { Scheduler } from '../scheduler';
import type { Document } from './match';

/** All documents at one moment, by id. */
export type Snapshot = Readonly<Record<string, Document>>;

/** Told of every state that comes to be. */
export interface ReplicaSetObserver {
  /** On one member, perhaps never on a majority. */
  written(snapshot: Snapshot): void;
  /** On a majority, for ever: each state in turn, none left out. */
  committed(snapshot: Snapshot): void;
}

interface Waiter {
  readonly index: number;
  readonly settle: (isCommitted: boolean) => void;
}

/** A member that takes writes, or still believes it may. */
export class Primary {
  /** States in order; the last one is what this member has locally. */
  readonly log: Snapshot[];
  /** Index of the newest state that this member knows to be on a majority. */
  committedIndex: number;
  /** Cut off from the others: it takes writes that no majority will ever have. */
  isCutOff = false;
  isUp = true;
  /** Only states up to this one can have reached another member. */
  lastSharedIndex = Infinity;
  waiters: Waiter[] = [];

  constructor(log: Snapshot[], committedIndex: number) {
    this.log = log;
    this.committedIndex = committedIndex;
  }

  get local(): Snapshot {
    return this.log.at(-1) ?? {};
  }

  get majority(): Snapshot {
    return this.log[this.committedIndex] ?? {};
  }
}

/**
 * A MongoDB replica set of three members as its clients see it: a log of states on the primary, a
 * point up to which a majority has it, and fail-overs that keep everything up to that point and any
 * part of what lies behind it. Members that do not lead are not modelled one by one.
 */
export class ReplicaSet {
  /** The reads of these spans, in events of the scheduler, may have been older than the newest acknowledged write. */
  readonly staleSpans: { readonly from: number; to: number }[] = [];
  /** States that were lost in fail-overs. */
  rolledBack = 0;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #observer: ReplicaSetObserver;
  #leader: Primary | undefined;
  #cutOff: Primary | undefined;
  #committed = 0;
  /** When, in events and in time, each state came to be on a majority; by index. */
  readonly #commits: { readonly event: number; readonly atMs: number }[] = [];
  #stalledUntilMs = 0;
  #onElected: (() => void)[] = [];
  /** The clients that still reach a primary that was cut off, while there is one. */
  #behindTheCut: ReadonlySet<string> = new Set();

  constructor(
    initial: Snapshot,
    parts: { scheduler: Scheduler; random: Random; observer: ReplicaSetObserver },
  ) {
    this.#scheduler = parts.scheduler;
    this.#random = parts.random;
    this.#observer = parts.observer;
    this.#leader = new Primary([initial], 0);
    this.#commits.push({ event: 0, atMs: 0 });
  }

  /** The primary that this client talks to; undefined while there is none. */
  primaryFor(client: string): Primary | undefined {
    return this.#cutOff && this.#behindTheCut.has(client) ? this.#cutOff : this.#leader;
  }

  /** Calls back once a primary is elected. */
  onceElected(callback: () => void): void {
    this.#onElected.push(callback);
  }

  /** Makes a state the newest of this primary, and starts its way to the majority. */
  write(primary: Primary, next: Snapshot): void {
    primary.log.push(next);
    this.#observer.written(next);
    this.#replicate(primary, primary.log.length - 1);
  }

  /** Settles with true once everything this primary has by now is on a majority, with false if the primary is lost first. */
  majorityOf(primary: Primary, settle: (isCommitted: boolean) => void): void {
    const index = primary.log.length - 1;
    if (!primary.isUp) settle(false);
    else if (index <= primary.committedIndex) settle(true);
    else primary.waiters.push({ index, settle });
  }

  /** The other members do not keep up for a while. */
  stallReplication(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#scheduler.nowMs + forMs);
  }

  /** The primary dies; another one leads after `gapMs`, and what only the old one had is rolled back. */
  killPrimary(gapMs: number): void {
    const old = this.#leader;
    if (!old) return;
    this.#leader = undefined;
    this.#lose(old);
    this.#scheduler.after(gapMs, () => this.#elect(old));
  }

  /**
   * The primary is cut off from the others, and believes for `beliefMs` that it still leads;
   * `clients` cannot tell. The others elect a new one meanwhile.
   */
  cutOffPrimary(
    clients: readonly string[],
    { gapMs, beliefMs }: { gapMs: number; beliefMs: number },
  ) {
    const old = this.#leader;
    if (!old || this.#cutOff) return;
    old.isCutOff = true;
    old.lastSharedIndex = old.log.length - 1;
    this.#leader = undefined;
    this.#cutOff = old;
    this.#behindTheCut = new Set(clients);
    const span = { from: this.#scheduler.ran, to: Infinity };
    this.staleSpans.push(span);
    this.#scheduler.after(gapMs, () => this.#elect(old));
    this.#scheduler.after(beliefMs, () => {
      span.to = this.#scheduler.ran;
      this.#cutOff = undefined;
      this.#lose(old);
    });
  }

  #elect(old: Primary): void {
    const shared = Math.min(old.lastSharedIndex, old.log.length - 1);
    const kept = this.#random.whole(this.#committed, shared);
    this.rolledBack += old.log.length - 1 - kept;
    const known = this.#knownCommitted();
    const next = new Primary(old.log.slice(0, kept + 1), known);
    this.#leader = next;
    // Until its first own entry is committed, it may show a state that others have seen replaced.
    const replaced = this.#commits[known + 1];
    const span = { from: replaced?.event ?? this.#scheduler.ran, to: Infinity };
    if (replaced) this.staleSpans.push(span);
    this.#scheduler.after(this.#replicationMs(), () => {
      span.to = this.#scheduler.ran;
      this.#commit(next, kept);
    });
    for (const callback of this.#onElected.splice(0)) callback();
  }

  /** The newest committed state of which a new primary has heard: word of the last ones may be under way. */
  #knownCommitted(): number {
    const heardUntilMs = this.#scheduler.nowMs - this.#random.between(0, 40);
    let known = this.#committed;
    while (known > 0 && (this.#commits[known]?.atMs ?? 0) > heardUntilMs) known -= 1;
    return known;
  }

  #lose(primary: Primary): void {
    primary.isUp = false;
    for (const waiter of primary.waiters.splice(0)) waiter.settle(false);
  }

  #replicate(primary: Primary, index: number): void {
    this.#scheduler.after(this.#replicationMs(), () => this.#commit(primary, index));
  }

  #replicationMs(): number {
    const stalledMs = Math.max(0, this.#stalledUntilMs - this.#scheduler.nowMs);
    return stalledMs + this.#random.between(0.2, 4);
  }

  #commit(primary: Primary, index: number): void {
    if (!primary.isUp || primary.isCutOff || index <= primary.committedIndex) return;
    primary.committedIndex = index;
    while (this.#committed < index) {
      this.#committed += 1;
      this.#commits.push({ event: this.#scheduler.ran, atMs: this.#scheduler.nowMs });
      this.#observer.committed(primary.log[this.#committed] as Snapshot);
    }
    const ready = primary.waiters.filter((waiter) => waiter.index <= index);
    primary.waiters = primary.waiters.filter((waiter) => waiter.index > index);
    for (const waiter of ready) waiter.settle(true);
  }
}
