import { shuffled } from '../../services/billing/stripe/samples/shuffle.ts';

/** Draws `count` of `items`: the same ones for the same seed. All of them where there are no more. */
export function sample<T>(items: readonly T[], { count, seed }: { count: number; seed: number }): T[] {
  return shuffled(items, seed).slice(0, count);
}
