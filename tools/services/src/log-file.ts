import { rename, stat } from 'node:fs/promises';

const LARGEST_LOG_BYTES = 20 * 1024 * 1024;

/**
 * Called before a program appends to its log: one that has grown large becomes `<file>.1` and
 * replaces the one before, so that logs never fill a disk.
 */
export async function turnOverLog(file: string): Promise<void> {
  const seen = await stat(file).catch(() => undefined);
  if (seen && seen.size > LARGEST_LOG_BYTES) await rename(file, `${file}.1`);
}
