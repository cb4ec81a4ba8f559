/**
 * Runs a task for each item, in order, at most `concurrency` at a time. Stops beginning new ones
 * when `shouldStop` says so or one has failed; rejects with the first failure, after those under
 * way have ended.
 */
export async function sideBySide<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  bounds: { readonly concurrency: number; readonly shouldStop?: () => boolean },
): Promise<void> {
  const failures: unknown[] = [];
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      if (failures.length > 0 || bounds.shouldStop?.()) return;
      try {
        await run(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: bounds.concurrency }, worker));
  if (failures.length > 0) throw failures[0];
}
