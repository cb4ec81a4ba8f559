/** One operation on one object, as the checker sees it. `to` is Infinity where it is not known to have ended. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** What an object may do, one operation after the other. */
export interface Sequential<State, Op extends Interval> {
  readonly start: State;
  /** The state after the operation was answered as it was; undefined if that cannot be in this state. */
  next(state: State, op: Op): State | undefined;
  /** Equal for states that no later operation can tell apart. */
  keyOf(state: State): string;
  /** True if the history may end in this state. */
  isEnd(state: State): boolean;
}

/** LINEARIZABLE with an order that explains everything, or not, or too much was tried to tell. */
export type Verdict = 'LINEARIZABLE' | 'NOT_LINEARIZABLE' | 'UNDECIDED';

/** States and sets of operations that are tried at most. */
const MAX_TRIED = 200_000;

/**
 * Is there an order of these operations, each at one instant between its call and its answer, in
 * which every answer is right? Wing and Gong's search with Lowe's memory of what was tried: a set
 * of operations done and a state never have to be tried twice. Operations without an end may have
 * taken effect at any time after their call, or never.
 */
export function linearize<State, Op extends Interval>(
  ops: readonly Op[],
  spec: Sequential<State, Op>,
): Verdict {
  const search = new Search(ops, spec);
  return search.verdict();
}

class Search<State, Op extends Interval> {
  readonly #ops: readonly Op[];
  readonly #spec: Sequential<State, Op>;
  readonly #done: boolean[];
  readonly #tried = new Set<string>();
  #mustDo: number;
  #isUndecided = false;

  constructor(ops: readonly Op[], spec: Sequential<State, Op>) {
    // Whoever was answered first most likely took effect first: then the search seldom turns back.
    this.#ops = [...ops].sort((one, other) => one.to - other.to || one.from - other.from);
    this.#spec = spec;
    this.#done = this.#ops.map(() => false);
    this.#mustDo = this.#ops.filter(({ to }) => to !== Infinity).length;
  }

  verdict(): Verdict {
    if (this.#explains(this.#spec.start)) return 'LINEARIZABLE';
    return this.#isUndecided ? 'UNDECIDED' : 'NOT_LINEARIZABLE';
  }

  #explains(state: State): boolean {
    if (this.#mustDo === 0 && this.#spec.isEnd(state)) return true;
    const key = `${this.#doneKey()} ${this.#spec.keyOf(state)}`;
    if (this.#tried.has(key)) return false;
    if (this.#tried.size >= MAX_TRIED) {
      this.#isUndecided = true;
      return false;
    }
    this.#tried.add(key);
    const firstEnd = this.#firstEnd();
    return this.#ops.some((op, index) => {
      // Only what was called before anything else has ended can come first.
      if (this.#done[index] || op.from > firstEnd) return false;
      const next = this.#spec.next(state, op);
      return next !== undefined && this.#explainsAfter(index, next);
    });
  }

  #explainsAfter(index: number, next: State): boolean {
    const counts = this.#ops[index]?.to === Infinity ? 0 : 1;
    this.#done[index] = true;
    this.#mustDo -= counts;
    if (this.#explains(next)) return true;
    this.#done[index] = false;
    this.#mustDo += counts;
    return false;
  }

  /** Which operations are done, 30 to a number. */
  #doneKey(): string {
    let key = '';
    let bits = 0;
    for (let index = 0; index < this.#done.length; index += 1) {
      bits = 2 * bits + (this.#done[index] ? 1 : 0);
      if (index % 30 !== 29) continue;
      key += `${bits} `;
      bits = 0;
    }
    return key + bits;
  }

  #firstEnd(): number {
    const first = this.#done.indexOf(false);
    return this.#ops[first]?.to ?? Infinity;
  }
}
