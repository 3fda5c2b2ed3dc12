/** Does something with each of many things, so many at once. */
export async function spread<T>(things: readonly T[], atOnce: number, work: (thing: T) => Promise<unknown>) {
  let next = 0;
  const go = async () => {
    while (next < things.length) await work(things[next++] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, go));
}
