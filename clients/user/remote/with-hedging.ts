import { isOutage } from '../model/classify-error.ts';
import type { UserAnswer, UserReader } from '../model/user-reader.ts';

interface HedgingOptions {
  /** Time in ms without an answer after which the read is sent once more. 0: never. */
  hedgeAfterMs: number;
}

/** Most hedges per read: one in ten, so that hedging does not slow down a slow service. */
export const HEDGING_RATIO = 0.1;
/** Most hedges in a burst, saved up while reads are fast. */
export const MAX_SAVED_HEDGES = 10;

/**
 * Sends a read again to `next` after `hedgeAfterMs` without an answer, takes the first answer and cancels the
 * other call. The channel picks its servers in turn, so the second call reaches another one. Hedging helps
 * against one server that hangs or lags, and not where there is only one. Set `hedgeAfterMs` near the 95th
 * percentile of read times. This layer stands below the breaker, which counts one call, and above the wire,
 * which honours the signal.
 */
export function withHedging(next: UserReader, { hedgeAfterMs }: HedgingOptions): UserReader {
  if (hedgeAfterMs === 0) return next;
  const budget = createBudget();
  return {
    async readMany(scope, reads, call) {
      budget.earn();
      const race = new AbortController();
      const ask = () => next.readMany(scope, reads, { ...call, signal: race.signal });
      try {
        const first = settle(ask());
        const early = await within(first, hedgeAfterMs);
        if (early !== undefined || !budget.spend()) return unwrap(early ?? (await first));
        return unwrap(await firstAnswer(first, settle(ask())));
      } finally {
        race.abort();
      }
    },
  };
}

type Answers = readonly UserAnswer[];
/** How a call ended. As a value, so that the loser of a race causes no unhandled rejection. */
type Settled = { readonly answers: Answers } | { readonly error: unknown };

function settle(answers: Promise<Answers>): Promise<Settled> {
  return answers.then(
    (value) => ({ answers: value }),
    (error: unknown) => ({ error }),
  );
}

function unwrap(settled: Settled): Answers {
  if ('answers' in settled) return settled.answers;
  throw settled.error;
}

/** The end of the call, or undefined where it takes longer. */
async function within(settled: Promise<Settled>, ms: number): Promise<Settled | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([settled, over]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The first of two calls that ends with an answer or a refusal. If neither does: the end of the first call.
 */
async function firstAnswer(one: Promise<Settled>, other: Promise<Settled>): Promise<Settled> {
  const early = await Promise.race([one, other]);
  if (isAnswer(early)) return early;
  const [first, second] = await Promise.all([one, other]);
  return isAnswer(first) || !isAnswer(second) ? first : second;
}

function isAnswer(settled: Settled): boolean {
  return 'answers' in settled || !isOutage(settled.error);
}

/** Each read saves a tenth of a hedge. The budget starts with one. */
function createBudget() {
  let saved = 1;
  return {
    earn: () => {
      saved = Math.min(MAX_SAVED_HEDGES, saved + HEDGING_RATIO);
    },
    spend: () => {
      if (saved < 1) return false;
      saved -= 1;
      return true;
    },
  };
}
