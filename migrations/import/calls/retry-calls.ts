import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason } from '@rollcall/transport';
import { ImportFault } from '../import-fault.ts';

/**
 * How long a service may be unavailable during an import, in milliseconds: a restart takes seconds. Our own
 * choice.
 */
export const MAX_OUTAGE_MS = 30_000;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const PASSING: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** Calls one service, and repeats the call while the service is unavailable. The call must be idempotent. */
export type RetryCall = <T>(call: () => Promise<T>) => Promise<T>;

export interface RetryOptions {
  /** Name for messages: "auth service at 127.0.0.1:50051". */
  readonly service: string;
  /** Receives a line when an outage begins and when it ends. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** @defaultValue `MAX_OUTAGE_MS` */
  readonly maxOutageMs?: number;
}

/**
 * Creates a function that repeats calls with growing pauses while the service is unavailable or overloaded. A
 * refusal of one request passes through.
 * @throws ImportFault when the outage lasts too long, or the service fails otherwise
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
 * Runs a job for every item, at most `concurrency` at the same time.
 * @returns results in the order of the items
 * @throws the first failure, after all running jobs have ended; no further job starts after it
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
 * Returns the reason why a service refuses this one request. Undefined when other requests would fail too.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectError) || !ABOUT_THE_REQUEST.has(error.code)) return undefined;
  return errorReason(error)?.reason ?? Code[error.code];
}
