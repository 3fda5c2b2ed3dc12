/**
 * Runs a job for every item, at most `concurrency` at a time, begun in the items' order, and answers the results in that
 * order. After a failure nothing more is begun; it throws the first one when what was begun has ended.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  concurrency: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const rest = items.entries();
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    for (const [index, item] of rest) {
      if (failure) return;
      try {
        results[index] = await run(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failure) throw failure.error;
  return results;
}
