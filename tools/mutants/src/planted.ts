/** One defect to plant: `find` must be in the file exactly once. */
export interface Mutant {
  readonly name: string;
  /** From the workspace's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Where the search begins: a seed that is known to show a rare defect. */
  readonly fromSeed?: number;
}

const STORE = 'libs/booking/src/store';
const ROUNDS = 'libs/booking/src/rounds';
const CORE = 'libs/capacity-core/src';

function mutant(name: string, file: string, [find, replace]: readonly [string, string]): Mutant {
  return { name, file, find, replace };
}

/** Defects of the safety-relevant code; each must be found by the simulation of fixed seeds. */
export const MUTANTS: readonly Mutant[] = [
  mutant('version not checked', `${STORE}/round-updates.ts`, [
    'return { _id: slotId, doctorDay, version };',
    'return { _id: slotId, doctorDay };',
  ]),
  mutant('seats set instead of counted', `${STORE}/visit-steps.ts`, [
    '...(givesSeatBack && { $inc: { bookedCount: -1 } }),',
    '...(givesSeatBack && { $inc: { bookedCount: 0 } }),',
  ]),
  mutant('seat given back by every step', `${STORE}/visit-steps.ts`, [
    'const givesSeatBack = !holdsSeat(to);',
    'const givesSeatBack = true;',
  ]),
  mutant('claim kept after a cancel', `${STORE}/visit-steps.ts`, [
    '...(!isActive(to) && {',
    '...(isActive(to) && {',
  ]),
  mutant('seat given back twice', `${STORE}/visit-steps.ts`, [
    '{ $inc: { bookedCount: -1 } }',
    '{ $inc: { bookedCount: -2 } }',
  ]),
  {
    ...mutant('lost step sent again', `${STORE}/visit-steps.ts`, [
      'if (sent.life !== undefined && sent.life !== life) return OVERTAKEN;',
      '',
    ]),
    fromSeed: 1770,
  },
  {
    ...mutant('lost change sent again', `${STORE}/slot-changes.ts`, [
      'if (sent.guard !== undefined && sent.guard !== slot.version) return OVERTAKEN;',
      '',
    ]),
    fromSeed: 650,
  },
  mutant('change without version', `${STORE}/slot-changes.ts`, [
    '{ $set: set, $inc: { version: 1 } },',
    '{ $set: set, $inc: { version: 0 } },',
  ]),
  {
    ...mutant('capacity filter and version dropped', `${STORE}/slot-changes.ts`, [
      `          version: slot.version,
          bookedCount: { $lte: seats },`,
      '',
    ]),
    fromSeed: 530,
  },
  mutant('local read', `${STORE}/mongo-round-store.ts`, [
    "readConcern: { level: 'majority' },",
    "readConcern: { level: 'local' },",
  ]),
  mutant('w:1', `${STORE}/mongo-round-store.ts`, ["  w: 'majority',", '  w: 1,']),
  mutant('short matchedCount ignored', `${STORE}/mongo-round-store.ts`, [
    'result.matchedCount === writes.length && !result.getWriteConcernError()',
    '!result.getWriteConcernError()',
  ]),
  {
    ...mutant('refused after an unknown outcome', `${ROUNDS}/decide-slot.ts`, [
      "return answer.outcome !== 'ADMITTED' && guard !== undefined && guard >= version;",
      'return guard === -1 && version === -1 && answer === undefined;',
    ]),
    fromSeed: 450,
  },
  {
    ...mutant('lost write forgotten too early', `${ROUNDS}/seat-request.ts`, [
      'this.#guardOfLostWrite < version)',
      'this.#guardOfLostWrite <= version)',
    ]),
    fromSeed: 450,
  },
  mutant('own booking not looked up', `${ROUNDS}/decide-slot.ts`, [
    'if (landed) return this.#admitted(landed);',
    '',
  ]),
  mutant('idempotency key not looked up', `${ROUNDS}/decide-slot.ts`, [
    'if (earlier) return replayOrReuse(earlier, wish);',
    '',
  ]),
  mutant('idempotency key not compared', `${ROUNDS}/decide-slot.ts`, [
    "if (!isSameWish) return refusal({ code: 'IDEMPOTENCY_KEY_REUSED' });",
    '',
  ]),
  mutant('lock left unchecked before the write', `${ROUNDS}/round.ts`, [
    'if (slot.lock.remainingMs() >= MIN_LOCK_LEFT_MS) return true;',
    'return true;',
  ]),
  mutant('answered before an unclear write is known', `${ROUNDS}/round.ts`, [
    "if (receipt.outcome === 'ACKNOWLEDGED') {",
    "if (receipt.outcome === 'ACKNOWLEDGED' || receipt.refused.size === 0) {",
  ]),
  mutant('full by one too late', `${CORE}/decide.ts`, [
    'if (slot.bookedCount >= effectiveLimit(',
    'if (slot.bookedCount > effectiveLimit(',
  ]),
  mutant('tier limit swapped', `${CORE}/capacity.ts`, [
    'return capacity.base + capacity.premiumBuffer;\n',
    'return capacity.base + capacity.emergencyBuffer;\n',
  ]),
  mutant('off by one in the delay', `${CORE}/capacity.ts`, [
    'return Math.floor((limit * DELAYED_PERCENT) / 100);',
    'return Math.ceil((limit * DELAYED_PERCENT) / 100);',
  ]),
  mutant('token used again', `${CORE}/decide.ts`, [
    'const tokenNumber = slot.lastTokenNumber + 1;',
    'const tokenNumber = slot.bookedCount + 1;',
  ]),
];
