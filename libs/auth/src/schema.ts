import type { mongo } from 'mongoose';

/** One step that brings the database to what the code expects; safe to run again. */
export interface Migration {
  /** Unique and never changed: it is what is remembered of a step that ran. */
  readonly id: string;
  up(db: mongo.Db): Promise<void>;
}

const NAMESPACE_EXISTS = 48;

const PHONE = { bsonType: 'string', pattern: '^\\+[1-9][0-9]{6,14}$' };
const TEXT = { bsonType: 'string', minLength: 1, maxLength: 400 };
const DATE = { bsonType: 'date' };
const COUNT = { bsonType: ['int', 'long', 'double'], minimum: 0 };

interface CollectionPlan {
  readonly name: string;
  /** Every field of a document; all are required, and no other is let in. */
  readonly fields: Readonly<Record<string, object>>;
  readonly indexes: readonly mongo.IndexDescription[];
}

/**
 * The collections of sign-in: the last fence against a document that the code would not have
 * written, and the unique indexes that decide races.
 */
export const authMigrations: readonly Migration[] = [
  step('auth-001-patients', {
    name: 'patients',
    fields: {
      _id: { bsonType: 'string', pattern: '^pt_' },
      phone: PHONE,
      phoneReversed: { bsonType: 'string', pattern: '^[0-9]{7,15}$' },
      name: TEXT,
      nameKey: TEXT,
      createdAt: DATE,
    },
    indexes: [
      { key: { phone: 1, nameKey: 1 }, unique: true },
      { key: { phoneReversed: 1, _id: 1 } },
    ],
  }),
  step('auth-002-staff', {
    name: 'staff',
    fields: {
      _id: { bsonType: 'string', pattern: '^st_' },
      username: TEXT,
      passwordHash: { bsonType: 'string', pattern: '^\\$argon2id\\$' },
      role: { enum: ['DESK', 'ADMIN'] },
      name: TEXT,
      active: { bsonType: 'bool' },
      isDemo: { bsonType: 'bool' },
      createdAt: DATE,
    },
    indexes: [{ key: { username: 1 }, unique: true }],
  }),
  step('auth-003-one-time-codes', {
    name: 'one_time_codes',
    fields: { _id: TEXT, codeHash: TEXT, triesUsed: COUNT, expiresAt: DATE },
    indexes: [{ key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
  }),
  step('auth-004-sign-in-attempts', {
    name: 'sign_in_attempts',
    fields: { _id: TEXT, count: COUNT, expiresAt: DATE },
    indexes: [{ key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
  }),
];

function step(id: string, plan: CollectionPlan): Migration {
  return {
    id,
    async up(db) {
      await createIfMissing(db, plan.name);
      await db.command({
        collMod: plan.name,
        validator: {
          $jsonSchema: {
            bsonType: 'object',
            required: Object.keys(plan.fields),
            additionalProperties: false,
            properties: plan.fields,
          },
        },
        validationLevel: 'strict',
        validationAction: 'error',
      });
      await db.collection(plan.name).createIndexes([...plan.indexes]);
    },
  };
}

async function createIfMissing(db: mongo.Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    // Another process was first: what counts is that it is there.
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
  }
}
