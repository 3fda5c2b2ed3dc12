import { type Client, Code, ConnectError } from '@connectrpc/connect';
import { RetryInfoSchema } from '@rollcall/contract';
import type { UserService, WatchUsersResponse } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';

/** One stream of changes. */
interface WatchStream {
  readonly tenantIds: readonly string[];
  /** Empty: from now on. */
  readonly cursor: string;
  /** Aborting it ends the stream. */
  readonly controller: AbortController;
  /**
   * Longest time between two messages of a working stream, in ms. A silence of three times that ends the
   * stream.
   */
  readonly tickMs: number;
  /** Receives each response, in order. An error that it throws ends the stream. */
  readonly onResponse: (response: WatchUsersResponse) => void;
  /** Called several times per tick while the stream is silent for too long. */
  readonly onSilence: () => void;
}

/** How often a silence is checked per tick, so that lateness is reported in time. */
const LOOKS_PER_TICK = 4;

/** No message came for three ticks. The connection may be dead without an error. */
export class StreamSilentError extends Error {
  override readonly name = 'StreamSilentError';

  constructor(silentMs: number) {
    super(`the change feed said nothing for ${silentMs} ms`);
  }
}

/**
 * Reads one stream to its end. Resolves where the server ended it without an error. Calls nothing after it
 * returns, however the transport handles the abort.
 * @throws the stream's error, or the reason of the abort
 */
export async function readWatchStream(users: Client<typeof UserService>, stream: WatchStream): Promise<void> {
  const { controller, tenantIds, cursor, onResponse } = stream;
  const { signal } = controller;
  using watchdog = startWatchdog(stream);
  let abandon: (reason: unknown) => void = () => {};
  signal.addEventListener('abort', () => abandon(signal.reason), { once: true });
  try {
    signal.throwIfAborted();
    const request = { tenantIds: [...tenantIds], cursor };
    const responses = users.watchUsers(request, { signal })[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await new Promise<IteratorResult<WatchUsersResponse>>((resolve, reject) => {
        abandon = reject;
        responses.next().then(resolve, reject);
      });
      if (done) return;
      watchdog.heard();
      onResponse(value);
      signal.throwIfAborted();
    }
  } finally {
    // Connect's clients do not pass the end of a loop on to the transport.
    controller.abort();
  }
}

/** Counts checks and not time: a process that was stopped or busy first reads what has arrived. */
function startWatchdog({ controller, tickMs, onSilence }: WatchStream) {
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    if (looks > LOOKS_PER_TICK) onSilence();
    if (looks >= 3 * LOOKS_PER_TICK) controller.abort(new StreamSilentError(3 * tickMs));
  }, tickMs / LOOKS_PER_TICK);
  timer.unref();
  return {
    heard() {
      looks = 0;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Pauses before the next stream: `baseMs`, doubled each time up to `maxMs`. */
interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Back-off after a break. As short as the channel's own attempts to connect, so that the feed resumes soon.
 */
export const BREAK_BACKOFF: Backoff = { baseMs: 100, maxMs: 2_000 };
/**
 * Back-off after a refusal, which only a deployment or a grant changes: 1 s (one of two servers may be new)
 * to 1 min.
 */
export const REFUSED_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 60_000 };

/**
 * The pause before attempt n, in ms. None before the first. Half of it is random, so that clients spread out.
 */
export function backoffMs(attempt: number, random: () => number, { baseMs, maxMs }: Backoff): number {
  if (attempt <= 0) return 0;
  const fullMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return fullMs / 2 + (random() * fullMs) / 2;
}

/** Why a stream ended, as far as the next one needs to know. */
export type StreamEnd =
  /** The stream broke: resume at the cursor. */
  | 'broken'
  /** The stream cannot be resumed at the cursor: changes were missed. */
  | 'lost'
  /** The caller may not watch one of the tenants. */
  | 'denied'
  /** The service refuses, and will do so again: it has no change feed, or does not know the caller. */
  | 'refused';

const REFUSALS = new Set([
  Code.FailedPrecondition,
  Code.InvalidArgument,
  Code.NotFound,
  Code.OutOfRange,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

/**
 * Classifies the error of a stream. A cursor that the service does not accept is lost, whatever the error
 * says of it.
 */
export function classifyStreamEnd(error: unknown, hadCursor: boolean): StreamEnd {
  if (error instanceof FeedReplacedError) return 'lost';
  if (!(error instanceof ConnectError)) return 'broken';
  if (hadCursor && (error.code === Code.OutOfRange || error.code === Code.InvalidArgument)) return 'lost';
  if (error.code === Code.PermissionDenied) return 'denied';
  return REFUSALS.has(error.code) ? 'refused' : 'broken';
}

/** A checkpoint names another feed than before: the service's database was replaced or went back. */
export class FeedReplacedError extends Error {
  override readonly name = 'FeedReplacedError';
  readonly feed: string;

  constructor(feed: string) {
    super('the change feed is another one than before');
    this.feed = feed;
  }
}

/** The current feed, where the error that ended a stream names it. */
export function feedOf(error: unknown): string | undefined {
  if (error instanceof FeedReplacedError) return error.feed;
  return errorReason(error)?.metadata.feed;
}

/** The pause that the service asks for, in ms and at most a minute. 0: none. */
export function requestedPauseMs(error: unknown): number {
  if (!(error instanceof ConnectError)) return 0;
  const [info] = error.findDetails(RetryInfoSchema);
  const delay = info?.retryDelay;
  if (delay === undefined) return 0;
  return Math.min(REFUSED_BACKOFF.maxMs, Math.max(0, Number(delay.seconds) * 1_000 + delay.nanos / 1e6));
}
