/** Draws `count` of `items`: the same ones for the same seed. All of them where there are no more. */
export function sample<T>(items: readonly T[], { count, seed }: { count: number; seed: number }): T[] {
  const drawn = [...items];
  const random = createRandom(seed);
  for (let last = drawn.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [drawn[last], drawn[other]] = [drawn[other] as T, drawn[last] as T];
  }
  return drawn.slice(0, count);
}

/** Numbers in [0, 1) by mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
