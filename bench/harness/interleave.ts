/** One side of a comparison. */
export interface Contestant {
  readonly name: string;
  /** Does the work of one round and answers the figure, in the unit of the case. */
  measure(round: number): Promise<number>;
}

/** How often. */
export interface InterleaveOptions {
  readonly rounds: number;
  /** Rounds before those, whose figures are thrown away: code is compiled, connections open, pages of the database come in. */
  readonly warmUps: number;
  /** After this many ms no further round begins, once each contestant has one that counts. */
  readonly budgetMs: number;
}

/**
 * Lets every contestant play each round before anybody plays the next (A B A B …), so that whatever else the machine does
 * meets all of them alike. Rounds are numbered from 0, warm-ups included. Answers the figures of each, by name.
 */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, warmUps, budgetMs }: InterleaveOptions,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const figures = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const endAt = performance.now() + budgetMs;
  for (let round = 0; round < warmUps + rounds; round++) {
    if (round > warmUps && performance.now() >= endAt) break;
    for (const { name, measure } of contestants) {
      const figure = await measure(round);
      if (round >= warmUps) figures.get(name)?.push(figure);
    }
  }
  return figures;
}

/** Runs the work and answers how many of its `count` parts were done in a second. */
export async function perSecond(count: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}
