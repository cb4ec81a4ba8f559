import { isSame, matches, type Document } from './match';

/** An update as the driver takes it, of the operators that the slot store uses. */
export type Update = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type ArrayFilters = readonly Document[];
type Change = (value: unknown) => unknown;

const REMOVED = Symbol('removed');

/** The document after the update, as a new one. @throws on what the simulation does not know. */
export function updated(document: Document, update: Update, filters: ArrayFilters = []): Document {
  let result = document;
  for (const [operator, fields] of Object.entries(update)) {
    const changeOf = OPERATORS[operator];
    if (!changeOf) throw new Error(`The simulated store does not know ${operator}`);
    for (const [path, operand] of Object.entries(fields))
      result = changed(result, path.split('.'), {
        change: changeOf(operand),
        filters,
      }) as Document;
  }
  return result;
}

const OPERATORS: Record<string, ((operand: unknown) => Change) | undefined> = {
  $set: (operand) => () => stored(operand),
  $unset: () => () => REMOVED,
  $inc: (operand) => (value) => ((value as number | undefined) ?? 0) + (operand as number),
  $push: (operand) => (value) => [...listOf(value), ...eachOf(operand)],
  $pull: (operand) => (value) =>
    Object.freeze(listOf(value).filter((element) => !isSame(element, operand))),
};

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error('Only an array takes $push and $pull');
  return value;
}

function eachOf(operand: unknown): readonly unknown[] {
  const each = (operand as { $each?: unknown[] } | null)?.$each;
  return (each ?? [operand]).map(stored);
}

/** A value as it lies in the store: a copy, with null for what is undefined, as BSON has it. */
export function stored(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return Object.freeze(value.map(stored));
  const entries = Object.entries(value).map(([key, each]) => [key, stored(each)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

interface Work {
  readonly change: Change;
  readonly filters: ArrayFilters;
}

function changed(value: unknown, path: readonly string[], work: Work): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return frozen(work.change(value));
  if (step.startsWith('$')) return changedElements(value, { name: step, rest }, work);
  const record = (value ?? {}) as Document;
  const next = changed(record[step], rest, work);
  const result: Document = { ...record, [step]: next };
  if (next === REMOVED) delete result[step];
  return Object.freeze(result);
}

/** `$[name]`: every element that fits the array filter of that name. */
function changedElements(
  value: unknown,
  { name, rest }: { name: string; rest: readonly string[] },
  work: Work,
): unknown {
  const identifier = /^\$\[(\w+)\]$/.exec(name)?.[1];
  const filter = identifier && filterOf(identifier, work.filters);
  if (!filter) throw new Error(`The simulated store does not know the array step ${name}`);
  if (!Array.isArray(value)) throw new Error('Only an array has elements');
  return Object.freeze(
    value.map((element: unknown) =>
      matches(element, filter) ? changed(element, rest, work) : element,
    ),
  );
}

/** The filter of an identifier, without its name: `{ 'b.status': ... }` becomes `{ status: ... }`. */
function filterOf(identifier: string, filters: ArrayFilters): Document | undefined {
  const prefix = `${identifier}.`;
  const found = filters.find((filter) => Object.keys(filter).some((key) => key.startsWith(prefix)));
  if (!found) return undefined;
  return Object.fromEntries(
    Object.entries(found).map(([key, condition]) => [key.slice(prefix.length), condition]),
  );
}

function frozen(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(value) : value;
}
