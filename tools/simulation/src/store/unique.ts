import type { Snapshot } from './replica-set';
import type { Document } from './match';

/** Codes of MongoDB for a write that it refuses for good. */
export const DUPLICATE_KEY = 11_000;
export const VALIDATION_FAILED = 121;

/** The fences that MongoDB itself holds before a write: unique indexes always, the validator if asked. */
export function refusalCode(
  snapshot: Snapshot,
  next: Document,
  fences: { readonly validator: boolean },
): number | undefined {
  if (fences.validator && !isValid(next)) return VALIDATION_FAILED;
  const others = Object.values(snapshot).filter((other) => other['_id'] !== next['_id']);
  const isTaken = others.some(
    (other) =>
      (other['doctorDay'] === next['doctorDay'] && overlap(other, next, 'activePatients')) ||
      overlap(other, next, 'idempotencyKeys'),
  );
  return isTaken ? DUPLICATE_KEY : undefined;
}

function overlap(one: Document, other: Document, field: string): boolean {
  const values = one[field] as unknown[];
  return values.length > 0 && (other[field] as unknown[]).some((value) => values.includes(value));
}

/** What of the collection's validator is about counting; the shapes of fields are left to real MongoDB. */
function isValid(next: Document): boolean {
  const { base, premiumBuffer, emergencyBuffer } = next['capacity'] as Record<string, number>;
  const seats = (base ?? 0) + (premiumBuffer ?? 0) + (emergencyBuffer ?? 0);
  const counts = [next['bookedCount'], next['lastTokenNumber'], next['version']] as number[];
  return counts.every((count) => count >= 0) && (counts[0] ?? 0) <= seats;
}
