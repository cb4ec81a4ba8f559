import { z } from 'zod';

/** A calendar day of the clinic, `YYYY-MM-DD`, that exists and lies before the year 2200. */
export const LocalDate = z.iso
  .date('must be a calendar day as YYYY-MM-DD')
  .refine((day) => day < '2200-01-01', 'must lie before the year 2200');

/** A clinic-local time of day, `HH:mm`, 00:00 to 23:59. */
export const LocalTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day as HH:mm, 00:00 to 23:59');

/** An instant in UTC, ISO 8601 with milliseconds. */
export const Instant = z.iso.datetime();

/** A phone number in E.164: a plus sign, then 7 to 15 digits, the first not 0. */
export const Phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be a phone number in E.164 form, such as +919876543210');

/**
 * A person's name, trimmed, inner spaces joined, accents composed (NFC), 1 to 100 characters, at
 * least one of them a letter or digit. Of the invisible characters only the two joiners pass:
 * names in Indian scripts are spelt with them.
 */
export const PersonName = z
  .string()
  .transform((name) => name.normalize('NFC').trim().replace(/\s+/gu, ' '))
  .pipe(
    z
      .string()
      .min(1, 'must not be empty')
      .max(100, 'must have at most 100 characters')
      .regex(/^(?:[^\p{C}<>]|[\u200c\u200d])*$/u, 'must not hold control characters or < or >')
      .regex(/[\p{L}\p{N}]/u, 'must hold a letter or a digit')
      // A single sign may stand for a whole sentence, which is what names are compared by.
      .refine((name) => name.normalize('NFKC').length <= 130, 'must not be written in ligatures'),
  );

/** A doctor's id, as in `dr-rao`. */
export const DoctorId = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 characters of a to z, 0 to 9 and -');

/** A slot's id, as in `dr-rao_2026-11-24_0900`. One that names no slot is a 404, not a 400. */
export const SlotId = z
  .string()
  .min(1, 'must not be empty')
  .max(80, 'must have at most 80 characters');

/** An id that the server made. One that names nothing is a 404, not a 400. */
export const OpaqueId = z
  .string()
  .min(1, 'must not be empty')
  .max(64, 'must have at most 64 characters');

/** The most items that one page of a list holds; see {@link page}. */
export const MAX_PAGE_ITEMS = 200;

/** How many items a page holds where the asker does not say. */
export const DEFAULT_PAGE_ITEMS = 50;

/** One page of a list: `nextCursor` is there while more follows. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() });
}

/** One page of a list, as a use-case returns it. */
export interface Page<T> {
  items: T[];
  nextCursor?: string | undefined;
}
