import type { mongo } from 'mongoose';
import type { Random } from '../random';
import type { Actor, Scheduler } from '../scheduler';
import {
  bulkError,
  bulkOutcome,
  connectionLost,
  noServer,
  notAcknowledged,
  notPrimary,
  refusedWrite,
  type BulkResult,
  type RefusedWrite,
} from './driver-errors';
import { matches, type Document } from './match';
import { projected } from './project';
import type { Primary, ReplicaSet, Snapshot } from './replica-set';
import { refusalCode } from './unique';
import { updated, type Update } from './update';

/** What becomes of one trip to the store. SLOW: it arrives, late. SILENT: the reply never comes. */
export type TripFate =
  'NORMAL' | 'NOT_SENT' | 'REQUEST_LOST' | 'REPLY_LOST' | 'SILENT' | 'SLOW' | 'LATE_REPLY';

/** What a world decides about trips to the store, and wants to know of them. */
export interface TripRules {
  readonly validator: boolean;
  fate(kind: 'read' | 'write'): TripFate;
  /** After how many of its operations a bulk is cut off; undefined if it is not. */
  bulkCutAfter(operations: number): number | undefined;
  /** Called directly before a bulk leaves the process. */
  bulkSent(slotIds: readonly string[]): void;
}

/** What a client's collection is made of. */
export interface CollectionParts {
  readonly client: string;
  readonly actor: Actor;
  readonly set: ReplicaSet;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly rules: TripRules;
}

interface ReadOptions {
  readonly projection?: Readonly<Record<string, unknown>>;
  readonly readConcern?: { readonly level?: string };
}

interface WriteOptions {
  readonly writeConcern?: { readonly w?: unknown; readonly wtimeoutMS?: number };
}

interface UpdateOne {
  readonly filter: Document;
  readonly update: Update;
  readonly arrayFilters?: readonly Document[];
}

type Reply<T> = (outcome: () => T) => void;
type Serve<T> = (primary: Primary, reply: Reply<T>) => void;

/** The driver's settings of the clinic: how long it looks for a primary. */
const SERVER_SELECTION_TIMEOUT_MS = 1_500;

/**
 * The slots collection as the driver of one process shows it, over the simulated replica set: the
 * methods, options, results and errors that the slot store uses, and none else. The conformance
 * suite holds it against real MongoDB.
 */
export class SimulatedCollection {
  readonly #parts: CollectionParts;

  constructor(parts: CollectionParts) {
    this.#parts = parts;
  }

  find(filter: Document, options: ReadOptions = {}): { toArray(): Promise<Document[]> } {
    return { toArray: () => this.#find(filter, options) };
  }

  async findOne(filter: Document, options: ReadOptions = {}): Promise<Document | null> {
    const found = await this.#find(filter, options);
    return found[0] ?? null;
  }

  findOneAndUpdate(
    filter: Document,
    update: Update,
    options: ReadOptions & WriteOptions & Pick<UpdateOne, 'arrayFilters'> = {},
  ): Promise<Document | null> {
    return this.#trip<Document | null>('write', (primary, reply) => {
      const applied = this.#apply(primary, { filter, update, ...options });
      if ('code' in applied) return reply(() => fail(refusedWrite(applied.code)));
      const { next } = applied;
      this.#acknowledge(primary, options, (end) =>
        reply(() => {
          if (end === 'LOST') throw connectionLost();
          if (end === 'TIMED_OUT') throw notAcknowledged();
          return next ? projected(next, options.projection) : null;
        }),
      );
    });
  }

  async bulkWrite(
    operations: readonly mongo.AnyBulkWriteOperation[],
    options: WriteOptions = {},
  ): Promise<BulkResult> {
    const updates = operations.map((operation) => updateOneOf(operation));
    const { rules, scheduler, random } = this.#parts;
    rules.bulkSent(updates.map(({ filter }) => String(filter['_id'])));
    const cutAfter = rules.bulkCutAfter(updates.length);
    const work = this.#trip<BulkResult>('write', (primary, reply) => {
      const refused: RefusedWrite[] = [];
      let matchedCount = 0;
      const applyFrom = (index: number): void => {
        const update = updates[index];
        if (!primary.isUp || index === cutAfter) return reply(() => fail(connectionLost()));
        if (!update)
          return this.#acknowledge(primary, options, (end) =>
            reply(() => {
              if (end === 'LOST') throw connectionLost();
              return bulkOutcome({ matchedCount, refused, isAcknowledged: end === 'DONE' });
            }),
          );
        const applied = this.#apply(primary, update);
        if ('code' in applied) refused.push({ index, code: applied.code });
        else if (applied.next) matchedCount += 1;
        // Others may write between two operations of a bulk: it is no transaction.
        if (random.chance(0.3)) scheduler.after(random.between(0, 1), () => applyFrom(index + 1));
        else applyFrom(index + 1);
      };
      applyFrom(0);
    });
    return work.catch((error: Error) => {
      throw error instanceof Error && error.name !== 'MongoBulkWriteError'
        ? bulkError(error)
        : error;
    });
  }

  #find(filter: Document, { projection, readConcern }: ReadOptions): Promise<Document[]> {
    const isMajority = readConcern?.level === 'majority';
    const { random, scheduler } = this.#parts;
    return this.#trip<Document[]>('read', (primary, reply) => {
      const ids = Object.keys(primary.local);
      const found: Document[] = [];
      const readFrom = (index: number): void => {
        if (!primary.isUp) return reply(() => fail(connectionLost()));
        const state: Snapshot = isMajority ? primary.majority : primary.local;
        const id = ids[index];
        if (id === undefined) return reply(() => found.map((each) => projected(each, projection)));
        const document = state[id];
        if (document && matches(document, filter)) found.push(document);
        // A long query yields: documents of one read may be of different moments.
        if (random.chance(0.1)) scheduler.after(random.between(0, 2), () => readFrom(index + 1));
        else readFrom(index + 1);
      };
      readFrom(0);
    });
  }

  /** One single-document update, atomic: the document it left, nothing, or why it was refused. */
  #apply(
    primary: Primary,
    { filter, update, arrayFilters }: UpdateOne,
  ): { readonly next: Document | undefined } | { readonly code: number } {
    const { local } = primary;
    const document = Object.values(local).find((each) => matches(each, filter));
    if (!document) return { next: undefined };
    const next = updated(document, update, arrayFilters);
    const code = refusalCode(local, next, this.#parts.rules);
    if (code !== undefined) return { code };
    this.#parts.set.write(primary, Object.freeze({ ...local, [String(next['_id'])]: next }));
    return { next };
  }

  #acknowledge(
    primary: Primary,
    { writeConcern }: WriteOptions,
    settle: (end: 'DONE' | 'TIMED_OUT' | 'LOST') => void,
  ): void {
    if (writeConcern?.w !== 'majority') return settle('DONE');
    let isSettled = false;
    const once = (end: 'DONE' | 'TIMED_OUT' | 'LOST') => {
      if (!isSettled) settle(end);
      isSettled = true;
    };
    this.#parts.set.majorityOf(primary, (isCommitted) => once(isCommitted ? 'DONE' : 'LOST'));
    if (!isSettled)
      this.#parts.scheduler.after(writeConcern.wtimeoutMS ?? 1e9, () => once('TIMED_OUT'));
  }

  #trip<T>(kind: 'read' | 'write', serve: Serve<T>): Promise<T> {
    const { scheduler, random, rules, actor } = this.#parts;
    const fate = rules.fate(kind);
    return new Promise<T>((resolve, reject) => {
      const deliver = (outcome: () => T, afterMs: number) =>
        scheduler.after(afterMs, () => settleWith(outcome, resolve, reject), actor);
      if (fate === 'NOT_SENT') return void deliver(() => fail(noServer()), random.between(0, 300));
      const reply: Reply<T> = (outcome) => {
        if (fate === 'SILENT') return;
        const isLost = fate === 'REPLY_LOST';
        const afterMs = fate === 'LATE_REPLY' ? random.between(200, 3_000) : random.between(0.1, 1);
        deliver(isLost ? () => fail(connectionLost()) : outcome, afterMs);
      };
      this.#whenPrimary(deliver, (primary) => {
        const afterMs = fate === 'SLOW' ? random.between(300, 4_000) : random.between(0.1, 1.5);
        scheduler.after(afterMs, () => {
          if (fate === 'REQUEST_LOST') return reply(() => fail(connectionLost()));
          if (!primary.isUp)
            return reply(() => fail(random.chance(0.5) ? notPrimary() : connectionLost()));
          serve(primary, reply);
        });
      });
    });
  }

  /** Server selection: waits for a primary, not for ever. */
  #whenPrimary(
    deliver: (outcome: () => never, afterMs: number) => void,
    send: (primary: Primary) => void,
  ): void {
    const { set, client, scheduler, actor } = this.#parts;
    const primary = set.primaryFor(client);
    if (primary) return send(primary);
    let isOver = false;
    const cancel = scheduler.after(
      SERVER_SELECTION_TIMEOUT_MS,
      () => {
        isOver = true;
        deliver(() => fail(noServer()), 0);
      },
      actor,
    );
    set.onceElected(() => {
      cancel();
      const elected = set.primaryFor(client);
      if (!isOver && actor.isAlive && elected) send(elected);
    });
  }
}

function settleWith<T>(
  outcome: () => T,
  resolve: (value: T) => void,
  reject: (error: Error) => void,
): void {
  try {
    resolve(outcome());
  } catch (error) {
    reject(error as Error);
  }
}

function fail(error: Error): never {
  throw error;
}

function updateOneOf(operation: mongo.AnyBulkWriteOperation): UpdateOne {
  if (!('updateOne' in operation)) throw new Error('The simulated store knows updateOne only');
  return operation.updateOne as unknown as UpdateOne;
}
