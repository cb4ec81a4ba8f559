import type { mongo } from 'mongoose';

type Condition = Readonly<Record<string, unknown>>;

/** Everything here is written down once and never changed: an update makes a new one. */
export type Document = mongo.Document;

/** True if the document fits the filter, for the operators that the slot store uses. */
export function matches(document: unknown, filter: Condition): boolean {
  return Object.entries(filter).every(([path, condition]) => {
    if (path === '$or') return (condition as Condition[]).some((each) => matches(document, each));
    if (path === '$and') return (condition as Condition[]).every((each) => matches(document, each));
    if (path.startsWith('$')) throw new Error(`The simulated store does not know ${path}`);
    return fits(valueAt(document, path.split('.')), condition);
  });
}

/** The value at a path; through an array it is the list of what lies at that path in its elements. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  if (Array.isArray(value))
    return value.flatMap((element: unknown) => valueAt(element, path) ?? []);
  if (typeof value !== 'object' || value === null) return undefined;
  const [name, ...rest] = path;
  return valueAt((value as Record<string, unknown>)[name ?? ''], rest);
}

function fits(value: unknown, condition: unknown): boolean {
  if (!isOperators(condition)) return some(value, (each) => isSame(each, condition));
  return Object.entries(condition).every(([operator, operand]) => {
    const check = CHECKS[operator];
    if (!check) throw new Error(`The simulated store does not know ${operator}`);
    return check(value, operand);
  });
}

const CHECKS: Record<string, ((value: unknown, operand: unknown) => boolean) | undefined> = {
  $in: isIn,
  $nin: (value, operand) => !isIn(value, operand),
  $ne: (value, operand) => !some(value, (each) => isSame(each, operand)),
  $gt: ordered((order) => order > 0),
  $gte: ordered((order) => order >= 0),
  $lt: ordered((order) => order < 0),
  $lte: ordered((order) => order <= 0),
  $type: (value, operand) => some(value, (each) => typeof each === operand),
  $elemMatch: (value, operand) =>
    Array.isArray(value) && value.some((element) => matches(element, operand as Condition)),
};

function isIn(value: unknown, operand: unknown): boolean {
  return some(value, (each) => (operand as unknown[]).some((wanted) => isSame(each, wanted)));
}

function ordered(holds: (order: number) => boolean) {
  return (value: unknown, operand: unknown): boolean =>
    some(value, (each) => {
      const [one, other] = [comparable(each), comparable(operand)];
      // Values of different types are in no order: they never fit.
      if (typeof one !== typeof other || one === undefined || other === undefined) return false;
      return holds(one < other ? -1 : one > other ? 1 : 0);
    });
}

/** An array fits if it, or one of its elements, does. */
function some(value: unknown, holds: (each: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.some(holds) : holds(value);
}

/** True for what MongoDB takes as equal: here scalars and dates. */
export function isSame(one: unknown, other: unknown): boolean {
  // What is missing equals null.
  if ((one ?? null) === (other ?? null)) return true;
  return one instanceof Date && comparable(one) === comparable(other);
}

function comparable(value: unknown): string | number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function isOperators(condition: unknown): condition is Condition {
  if (typeof condition !== 'object' || condition === null || condition instanceof Date)
    return false;
  return Object.keys(condition).some((key) => key.startsWith('$'));
}
