import type { mongo } from 'mongoose';

/** One step from a schema to the next. It may run twice, or in two processes at once. */
export interface Migration {
  /** Unique, ordered by its place in the list, kept for ever in `schema_migrations`. */
  readonly id: string;
  up(db: mongo.Db): Promise<void>;
}

const APPLIED = 'schema_migrations';
const NAMESPACE_EXISTS = 48;

/**
 * Applies the steps that this database has not seen, in order. Every step is idempotent, so three
 * APIs that boot at the same time need no lock here.
 * @returns the ids applied by this call.
 * @throws the driver's error if a step fails; the steps before it stay applied.
 */
export async function migrate(db: mongo.Db, steps: readonly Migration[]): Promise<string[]> {
  const applied = db.collection<{ _id: string; appliedAt: Date }>(APPLIED);
  const seen = new Set((await applied.find().toArray()).map((step) => step._id));
  const missing = steps.filter((step) => !seen.has(step.id));
  for (const step of missing) {
    await step.up(db);
    await applied.updateOne(
      { _id: step.id },
      { $setOnInsert: { appliedAt: new Date() } },
      { upsert: true, writeConcern: { w: 'majority' } },
    );
  }
  return missing.map((step) => step.id);
}

/** A collection as it should be. */
export interface CollectionPlan {
  readonly name: string;
  readonly validator: mongo.Document;
  readonly indexes: readonly mongo.IndexDescription[];
}

/** Makes the collection, its validator and its indexes what the plan says. Idempotent. */
export async function applyCollection(db: mongo.Db, plan: CollectionPlan): Promise<void> {
  await createIfMissing(db, plan.name);
  await db.command({
    collMod: plan.name,
    validator: plan.validator,
    validationLevel: 'strict',
    validationAction: 'error',
  });
  if (plan.indexes.length > 0) await db.collection(plan.name).createIndexes([...plan.indexes]);
}

async function createIfMissing(db: mongo.Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if ((error as mongo.MongoServerError).code !== NAMESPACE_EXISTS) throw error;
  }
}
