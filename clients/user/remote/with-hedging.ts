import { isOutage } from '../model/classify-error.ts';
import type { UserAnswer, UserReader } from '../model/user-reader.ts';

/** When to ask twice. */
interface HedgingOptions {
  /** Time in ms without an answer after which the same read is sent once more. 0: never. */
  hedgeAfterMs: number;
}

/** What hedging may add to the calls of a client: one in ten, so that a service that is slow is not made slower. */
export const HEDGING_RATIO = 0.1;
/** Most hedges in a burst, saved up while all was well. */
export const MAX_SAVED_HEDGES = 10;

/**
 * Sends a read again to `next` where no answer came in `hedgeAfterMs`, takes the first answer and cancels the other call.
 * The channel goes round its servers, so the second call meets another one: it helps against one server that hangs or
 * lags, and not at all where there is only one. Set it near the 95th percentile of what reads take.
 * Stands below the breaker, which sees one call, and directly above the wire, which honours the signal.
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
/** How a call ended. As a value, so that the loser of a race is no unhandled rejection. */
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

/** What it settles to, or undefined where that takes longer. */
async function within(settled: Promise<Settled>, ms: number): Promise<Settled | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([settled, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first of two that is an answer, a refusal included; where neither is, how the first call failed. */
async function firstAnswer(one: Promise<Settled>, other: Promise<Settled>): Promise<Settled> {
  const early = await Promise.race([one, other]);
  if (isAnswer(early)) return early;
  const [first, second] = await Promise.all([one, other]);
  return isAnswer(first) || !isAnswer(second) ? first : second;
}

function isAnswer(settled: Settled): boolean {
  return 'answers' in settled || !isOutage(settled.error);
}

/** Each read saves a tenth of a hedge. One is there at the start. */
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
