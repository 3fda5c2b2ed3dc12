import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason } from '@rollcall/transport';
import { ImportFault } from '../import-fault.ts';

/** How long a service may stay away in the middle of an import: a restart takes seconds. Our own choice. */
export const MAX_OUTAGE_MS = 30_000;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const PASSING: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** Calls one service, again and again while it is away. Every call must bear being repeated. */
export type RetryCall = <T>(call: () => Promise<T>) => Promise<T>;

/** What patience needs to know. */
export interface RetryOptions {
  /** The service as people know it: "auth service at 127.0.0.1:50051". */
  readonly service: string;
  /** Tells the person at the terminal, once when an outage begins and once when it ends. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Default `MAX_OUTAGE_MS`. */
  readonly maxOutageMs?: number;
}

/**
 * Repeats calls that fail because the service is away or has too much to do, with growing pauses. A refusal
 * of this one request passes as it is. A service that stays away for too long, or fails in another way, ends
 * the import: ImportFault.
 */
export function createRetry({ service, say, signal, maxOutageMs = MAX_OUTAGE_MS }: RetryOptions): RetryCall {
  let isAway = false;
  return async (call) => {
    const failedAt = { first: 0 };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const answer = await call();
        if (isAway) say(`The ${service} answers again.`);
        isAway = false;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ConnectError) || refusalOf(error) !== undefined) throw error;
        if (!PASSING.has(error.code)) throw failed(service, error);
        failedAt.first ||= performance.now();
        if (performance.now() - failedAt.first + pauseMs > maxOutageMs) throw stayedAway(service, error);
        if (!isAway)
          say(`The ${service} is away (${whyOf(error)}); trying for up to ${maxOutageMs / 1000} s.`);
        isAway = true;
        await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
}

function failed(service: string, error: ConnectError): ImportFault {
  return new ImportFault(
    `The ${service} failed (${error.message}): its log says more; when that is cured the same command goes on here`,
    { cause: error },
  );
}

function whyOf(error: ConnectError): string {
  return errorReason(error)?.reason ?? Code[error.code];
}

function stayedAway(service: string, error: ConnectError): ImportFault {
  return new ImportFault(
    `The ${service} stayed away (${whyOf(error)}): start it again, then run the same command, which goes on where this one ended`,
    { cause: error },
  );
}

/**
 * Runs a job for every item, at most `concurrency` at a time, begun in the items' order, and answers the
 * results in that order. After a failure nothing more is begun; it throws the first one when what was begun
 * has ended.
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

const ABOUT_THE_REQUEST: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.NotFound,
  Code.OutOfRange,
]);

/**
 * Why a service does not want this one request, by the contract's reason; others may pass. Undefined where
 * the fault lies elsewhere and the next request would fare no better.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectError) || !ABOUT_THE_REQUEST.has(error.code)) return undefined;
  return errorReason(error)?.reason ?? Code[error.code];
}
