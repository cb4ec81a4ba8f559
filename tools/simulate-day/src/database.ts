import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RECORD_SUFFIX } from '@opd/services';

/** Where `npm start` keeps its data by default. */
const DEFAULT_DATA_DIR = '.opd';

/**
 * The address of the clinic's database: the one given, MONGODB_URI, or the one that `npm start`
 * runs in OPD_DATA_DIR. None if none of these is there.
 */
export async function findMongodbUri(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const named = given ?? env['MONGODB_URI'];
  if (named) return named;
  const dataDir = env['OPD_DATA_DIR'] || DEFAULT_DATA_DIR;
  const file = join(dataDir, 'mongodb', `mongod${RECORD_SUFFIX}`);
  try {
    const record: unknown = JSON.parse(await readFile(file, 'utf8'));
    const port = (record as { port?: unknown } | null)?.port;
    if (!Number.isInteger(port)) return undefined;
    return `mongodb://127.0.0.1:${String(port)}/?replicaSet=opd`;
  } catch {
    return undefined;
  }
}
