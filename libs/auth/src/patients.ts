import { randomBytes } from 'node:crypto';
import { ok, refused, type Outcome, type Page, type Patient } from '@opd/contracts';
import { trusted, type Connection, type Model } from 'mongoose';
import { systemClock, type Clock } from './clock';
import {
  documentSchema,
  isDuplicateKey,
  MAX_TIME_MS,
  modelOf,
  readStore,
  writeStore,
} from './store';

/** A patient as stored: a phone number plus a name, unique together. */
interface PatientDocument {
  _id: string;
  /** E.164. */
  phone: string;
  /** The digits of `phone`, last first, so that "ends in" is the start of an index. */
  phoneReversed: string;
  /** As the person or the desk wrote it. */
  name: string;
  /** What two spellings of one name share; see {@link nameKeyOf}. */
  nameKey: string;
  createdAt: Date;
}

const PATIENT_SCHEMA = documentSchema<PatientDocument>({
  phone: { type: String, required: true },
  phoneReversed: { type: String, required: true },
  name: { type: String, required: true },
  nameKey: { type: String, required: true },
  createdAt: { type: Date, required: true },
});

const MIN_SEARCH_DIGITS = 4;
/** The longest number that E.164 knows. */
const MAX_SEARCH_DIGITS = 15;

/**
 * What is compared when two names are compared: NFKC, trimmed, inner spaces joined, case-folded.
 * Upper case first, because folding only to lower case keeps "ß" and "SS" apart.
 */
export function nameKeyOf(name: string): string {
  const folded = name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.trim().replace(/\s+/gu, ' ');
}

/**
 * The patients of the house: the only code that knows the collection `patients`. A patient is a phone
 * number and a name; another name under a known phone is a member of that family. While
 * MongoDB is away reads throw StoreUnavailableError and `findOrAdd` that or OutcomeUnknownError;
 * asking again is always safe.
 */
export class PatientDirectory {
  private readonly patients: Model<PatientDocument>;

  constructor(
    connection: Connection,
    private readonly now: Clock = systemClock,
  ) {
    this.patients = modelOf(connection, 'patients', PATIENT_SCHEMA);
  }

  /**
   * The patient of this phone and name, registered if he is new. However many ask at once, in however
   * many processes, there is one document. The first spelling of the name stays.
   */
  async findOrAdd(person: { name: string; phone: string }): Promise<Patient> {
    const identity = { phone: person.phone, nameKey: nameKeyOf(person.name) };
    // Most who come have been here before, and a read is cheaper than a majority write.
    const known = await this.findOne(identity);
    return known ?? this.add(person, identity);
  }

  /** The patient with this id, if there is one. */
  async byId(patientId: string): Promise<Patient | undefined> {
    return this.findOne({ _id: patientId });
  }

  /** The patients with these ids, by id; ids that name nobody are left out. */
  async byIds(patientIds: readonly string[]): Promise<Map<string, Patient>> {
    const found = await readStore(() =>
      this.patients
        .find({ _id: trusted({ $in: [...new Set(patientIds)] }) })
        .maxTimeMS(MAX_TIME_MS)
        .lean<PatientDocument[]>()
        .exec(),
    );
    return new Map(found.map((each) => [each._id, asPatient(each)]));
  }

  /** The earliest registered patient of this phone: who signs in when no name is given. */
  async firstOf(phone: string): Promise<Patient | undefined> {
    const found = await readStore(() =>
      this.patients
        .findOne({ phone })
        .sort({ createdAt: 1, _id: 1 })
        .maxTimeMS(MAX_TIME_MS)
        .lean<PatientDocument>()
        .exec(),
    );
    return found === null ? undefined : asPatient(found);
  }

  /**
   * Patients by phone: `+` and a full number, or at least its last 4 digits; spaces, hyphens and
   * brackets do not count. Ordered by number from its last digit, family members together.
   *
   * @param cursor the `nextCursor` of the page before.
   * @returns the page, or VALIDATION_FAILED.
   */
  async search(phonePart: string, limit: number, cursor?: string): Promise<Outcome<Page<Patient>>> {
    const wanted = phonePart.replace(/[\s()-]/gu, '');
    if (!/^\+?\d+$/.test(wanted) || !isSearchable(wanted)) {
      return invalid('phone', 'must be a full phone number or at least its last 4 digits');
    }
    const last = cursor === undefined ? undefined : await this.document(cursor);
    if (last === null) return invalid('cursor', 'must be the nextCursor of the page before');
    const filter = wanted.startsWith('+') ? { phone: wanted } : { phoneReversed: endingIn(wanted) };
    const found = await readStore(() =>
      this.patients
        .find(last === undefined ? filter : { $and: [filter, { $or: after(last) }] })
        .sort({ phoneReversed: 1, _id: 1 })
        .limit(limit + 1)
        .maxTimeMS(MAX_TIME_MS)
        .lean<PatientDocument[]>()
        .exec(),
    );
    const items = found.slice(0, limit).map(asPatient);
    return ok(found.length > limit ? { items, nextCursor: items.at(-1)?.patientId } : { items });
  }

  private async add(
    person: { name: string; phone: string },
    identity: { phone: string; nameKey: string },
  ): Promise<Patient> {
    const fresh = {
      _id: `pt_${randomBytes(16).toString('base64url')}`,
      phoneReversed: reversed(person.phone),
      name: person.name.trim().replace(/\s+/gu, ' '),
      createdAt: this.now(),
    };
    try {
      const stored = await writeStore(() =>
        this.patients
          .findOneAndUpdate(
            identity,
            { $setOnInsert: fresh },
            { upsert: true, returnDocument: 'after', maxTimeMS: MAX_TIME_MS },
          )
          .lean<PatientDocument>()
          .exec(),
      );
      return asPatient(stored ?? { ...identity, ...fresh });
    } catch (error) {
      const winner = isDuplicateKey(error) ? await this.findOne(identity) : undefined;
      if (winner === undefined) throw error;
      return winner;
    }
  }

  private async findOne(
    filter: { _id: string } | { phone: string; nameKey: string },
  ): Promise<Patient | undefined> {
    const found = await readStore(() =>
      this.patients.findOne(filter).maxTimeMS(MAX_TIME_MS).lean<PatientDocument>().exec(),
    );
    return found === null ? undefined : asPatient(found);
  }

  private async document(patientId: string): Promise<PatientDocument | null> {
    return readStore(() =>
      this.patients.findById(patientId).maxTimeMS(MAX_TIME_MS).lean<PatientDocument>().exec(),
    );
  }
}

function asPatient(stored: PatientDocument): Patient {
  return { patientId: stored._id, name: stored.name, phone: stored.phone };
}

function reversed(phone: string): string {
  return [...phone.replace('+', '')].reverse().join('');
}

function isSearchable(wanted: string): boolean {
  const digits = wanted.replace('+', '').length;
  return digits >= MIN_SEARCH_DIGITS && digits <= MAX_SEARCH_DIGITS;
}

/** A range of the index on `phoneReversed`, so nothing of the input is ever a pattern; ':' follows '9'. */
function endingIn(digits: string): { $gte: string; $lt: string } {
  const start = reversed(digits);
  return trusted({ $gte: start, $lt: `${start}:` });
}

function after(last: PatientDocument): Record<string, unknown>[] {
  return [
    { phoneReversed: trusted({ $gt: last.phoneReversed }) },
    { phoneReversed: last.phoneReversed, _id: trusted({ $gt: last._id }) },
  ];
}

function invalid(path: string, message: string): Outcome<never> {
  return refused({
    code: 'VALIDATION_FAILED',
    detail: `${path} ${message}.`,
    extensions: { errors: [{ path, message }] },
  });
}
