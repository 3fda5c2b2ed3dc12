/** Generates the n! orders of n things. */
export function* permutations<T>(things: readonly T[]): Generator<T[]> {
  if (things.length <= 1) {
    yield [...things];
    return;
  }
  for (const [index, first] of things.entries()) {
    const others = things.toSpliced(index, 1);
    for (const rest of permutations(others)) yield [first, ...rest];
  }
}
