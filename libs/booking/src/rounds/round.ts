import type { BookingBounds } from '@opd/capacity-core';
import type { LockAttempt, SlotLock, SlotLocks } from '@opd/locking';
import type { ClinicCalendar } from '../clinic-calendar';
import type { Clock } from '../clock';
import { decideSlot, hasLanded, type PlannedAnswer } from './decide-slot';
import type { Lane, LaneBatch } from './lanes';
import type {
  RoundStore,
  RoundView,
  SlotWithBookings,
  SlotWrite,
  WriteReceipt,
  WriteRefusal,
} from './round-store';
import type { SeatAnswer, SeatRequest } from './seat-request';

/** What rounds report, for metrics and logs. Nothing of it may throw. */
export interface RoundObserver {
  roundEnded(round: { slots: number; requests: number; tookMs: number }): void;
  /** A slot's decision or write broke; its requests were answered with an internal error. */
  slotBroke(slotId: string, error: unknown): void;
  /** A write came back without a clear outcome; its slots are read and decided anew. */
  writeUnclear(slots: number, cause: unknown): void;
}

/** What a round works with. */
export interface RoundParts {
  readonly locks: SlotLocks;
  readonly store: RoundStore;
  readonly clock: Clock;
  readonly calendar: ClinicCalendar;
  readonly bounds: BookingBounds;
  readonly observer: RoundObserver;
  /** [0, 1), for the jitter of waits. */
  readonly random: () => number;
  /** How long another owner may be seen holding a slot before its requests get SLOT_BUSY. */
  readonly lockWaitMs: number;
}

const SAYS_BOOKED: ReadonlySet<SeatAnswer['outcome']> = new Set(['ADMITTED', 'REPLAYED']);

/** With less left of the lock no write is started: it could outlive the lock. */
export const MIN_LOCK_LEFT_MS = 500;

/** The pause before a slot is tried again after a fault that a moment may heal. */
const PAUSE_AFTER_FAULT_MS = 20;

interface LockedSlot extends LaneBatch {
  readonly lock: SlotLock;
}

interface ChangedSlot extends LockedSlot {
  readonly answers: readonly PlannedAnswer[];
  readonly write: SlotWrite;
}

/**
 * One round: a group commit over the slots of `batches`, in one straight line. When it ends every
 * request is answered, or back at the head of its lane. Nobody of a slot is answered, refused ones
 * included, before that slot's write is acknowledged. Never throws.
 */
export async function runRound(batches: readonly LaneBatch[], parts: RoundParts): Promise<void> {
  const startedAtMs = parts.clock.monotonicMs();

  const locked = await lockSlots(batches, parts);
  const view = await readSlots(locked, parts);
  const changed = view ? decideSlots(locked, view, parts) : [];
  const sent = changed.filter(hasTimeToWrite);
  const receipt = await writeSlots(sent, parts);
  releaseSlots(locked, parts);
  settle(sent, receipt, parts);

  parts.observer.roundEnded({
    slots: batches.length,
    requests: batches.reduce((sum, { requests }) => sum + requests.length, 0),
    tookMs: parts.clock.monotonicMs() - startedAtMs,
  });
}

/** Step 1: one lock per slot, all asked for together; no lock is waited for while one is held. */
async function lockSlots(batches: readonly LaneBatch[], parts: RoundParts): Promise<LockedSlot[]> {
  const tries = await Promise.all(
    batches.map(async (batch) => ({
      batch,
      attempt: await parts.locks.tryAcquire(batch.lane.slotId),
    })),
  );
  return tries.flatMap(({ batch, attempt }) => {
    noteAttempt(batch.lane, attempt, parts);
    if (attempt.outcome === 'HELD') return [{ ...batch, lock: attempt.lock }];
    if (attempt.outcome === 'BUSY') waitForOwner(batch, parts);
    else answerOrKeep(batch, unavailable('LOCK_UNAVAILABLE'), parts);
    return [];
  });
}

/** Step 2: slots, claims and keys in one majority read; undefined if it failed. */
async function readSlots(
  slots: readonly LockedSlot[],
  parts: RoundParts,
): Promise<RoundView | undefined> {
  if (slots.length === 0) return undefined;
  const wishes = slots.flatMap(({ requests }) => requests.map(({ wish }) => wish));
  try {
    return await parts.store.readRound({
      slotIds: slots.map(({ lane }) => lane.slotId),
      patientIds: [...new Set(wishes.map(({ patientId }) => patientId))],
      idempotencyKeys: [...new Set(wishes.flatMap(({ idempotencyKey }) => idempotencyKey ?? []))],
      fromDay: parts.calendar.dayAt(parts.clock.nowMs()),
    });
  } catch {
    for (const slot of slots) answerOrKeep(slot, unavailable('STORE_UNAVAILABLE'), parts);
    return undefined;
  }
}

/** Step 3: the core decides, in order of arrival. A slot in which nothing changes is answered here. */
function decideSlots(
  slots: readonly LockedSlot[],
  view: RoundView,
  parts: RoundParts,
): ChangedSlot[] {
  const context = { view, bounds: parts.bounds, nowMs: parts.clock.nowMs() };
  const monotonicMs = parts.clock.monotonicMs();
  return slots.flatMap((slot) => {
    const { slotId } = slot.lane;
    const requests = slot.requests.filter((request) => !request.isDropped(monotonicMs));
    forgetDeadWrites(requests, view.slot(slotId));
    try {
      const { answers, write } = decideSlot(slotId, requests, context);
      if (write) return [{ ...slot, answers, write }];
      giveAnswers(answers);
    } catch (error) {
      breakSlot({ ...slot, requests }, error, parts);
    }
    return [];
  });
}

/** The last look before the write, on the monotonic clock: a slot whose lock runs out goes back. */
function hasTimeToWrite(slot: ChangedSlot): boolean {
  if (slot.lock.remainingMs() >= MIN_LOCK_LEFT_MS) return true;
  slot.lane.putBack(slot.requests);
  return false;
}

/** Step 4: one guarded update per slot, all in one bulk. */
async function writeSlots(slots: readonly ChangedSlot[], parts: RoundParts): Promise<WriteReceipt> {
  if (slots.length === 0) return { outcome: 'ACKNOWLEDGED' };
  for (const slot of slots)
    for (const request of admitted(slot)) request.writeSent(slot.write.version);
  return parts.store.writeRound(slots.map(({ write }) => write));
}

/** Step 5: the locks go back, and whoever was refused lately lets other processes in. */
function releaseSlots(slots: readonly LockedSlot[], parts: RoundParts): void {
  const nowMs = parts.clock.monotonicMs();
  for (const { lane, lock } of slots) {
    void lock.release();
    lane.pauseUntil(nowMs + lane.lockWait.pauseAfterReleaseMs(nowMs));
  }
}

/** Step 6: answers where the write is acknowledged; everything else is decided anew. */
function settle(slots: readonly ChangedSlot[], receipt: WriteReceipt, parts: RoundParts): void {
  if (receipt.outcome === 'ACKNOWLEDGED') {
    for (const { answers } of slots) giveAnswers(answers);
    return;
  }
  parts.observer.writeUnclear(slots.length, receipt.cause);
  for (const slot of slots) settleUnclear(slot, receipt.refused.get(slot.lane.slotId), parts);
}

function settleUnclear(
  slot: ChangedSlot,
  refusal: WriteRefusal | undefined,
  parts: RoundParts,
): void {
  if (refusal) for (const request of admitted(slot)) request.writeRefused();
  switch (refusal) {
    case 'INVALID':
      return breakSlot(slot, new Error('MongoDB refused the slot document'), parts);
    case 'NOT_SENT':
      return answerOrKeep(slot, unavailable('STORE_UNAVAILABLE'), parts);
    // The claim that was met may not be on a majority yet, and the next read would not show it.
    case 'CLAIMED':
      return tryAgainSoon(slot, slot.requests, parts);
    // Its outcome is found by the next round's read: at once, for somebody may have got a seat.
    case undefined:
      return slot.lane.putBack(slot.requests);
  }
}

function noteAttempt(lane: Lane, attempt: LockAttempt, { clock }: RoundParts): void {
  const nowMs = clock.monotonicMs();
  if (attempt.outcome === 'BUSY') lane.lockWait.seenBusy(nowMs);
  else lane.lockWait.seenFree(nowMs);
}

/** The lock is another's: who has seen that for long enough is told, the others wait a little. */
function waitForOwner({ lane, requests }: LaneBatch, parts: RoundParts): void {
  const nowMs = parts.clock.monotonicMs();
  const isPatient = (request: SeatRequest) =>
    request.hasLostWrite ||
    lane.lockWait.heldByOtherMs(request.arrivedAtMs, nowMs) < parts.lockWaitMs;
  lane.putBack(requests.filter(isPatient));
  lane.pauseUntil(nowMs + lane.lockWait.retryDelayMs(parts.random));
  const busy: SeatAnswer = { outcome: 'REFUSED', refusal: { code: 'SLOT_BUSY' } };
  for (const request of requests) if (!isPatient(request)) request.answer(busy);
}

/** Answers those of whom no write is on its way; the others wait until its outcome is known. */
function answerOrKeep(batch: LaneBatch, answer: SeatAnswer, parts: RoundParts): void {
  const kept = batch.requests.filter((request) => request.hasLostWrite);
  for (const request of batch.requests) if (!request.hasLostWrite) request.answer(answer);
  if (kept.length > 0) tryAgainSoon(batch, kept, parts);
}

function tryAgainSoon({ lane }: LaneBatch, requests: readonly SeatRequest[], parts: RoundParts) {
  lane.putBack(requests);
  lane.pauseUntil(parts.clock.monotonicMs() + PAUSE_AFTER_FAULT_MS);
}

/**
 * A write whose guard the slot's version has passed can never match: it counts as never sent,
 * unless it is what raised the version. A seat that is stored is remembered until it is answered.
 */
function forgetDeadWrites(
  requests: readonly SeatRequest[],
  slot: SlotWithBookings | undefined,
): void {
  if (!slot) return;
  for (const request of requests)
    if (!hasLanded(request.wish, slot)) request.versionSeen(slot.version);
}

function breakSlot(batch: LaneBatch, error: unknown, parts: RoundParts): void {
  parts.observer.slotBroke(batch.lane.slotId, error);
  answerOrKeep(batch, { outcome: 'BROKEN', error }, parts);
}

/** Whose answer says that there is a booking: theirs, or the one their key made in this write. */
function admitted({ answers }: ChangedSlot): SeatRequest[] {
  return answers.filter(({ answer }) => SAYS_BOOKED.has(answer.outcome)).map((a) => a.request);
}

function giveAnswers(answers: readonly PlannedAnswer[]): void {
  for (const { request, answer } of answers) request.answer(answer);
}

function unavailable(code: 'LOCK_UNAVAILABLE' | 'STORE_UNAVAILABLE'): SeatAnswer {
  return { outcome: 'UNAVAILABLE', code };
}
