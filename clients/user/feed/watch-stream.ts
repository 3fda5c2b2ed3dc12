import { type Client, Code, ConnectError } from '@connectrpc/connect';
import { RetryInfoSchema } from '@rollcall/contract';
import type { UserService, WatchUsersResponse } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';

/** One stream of changes. */
interface WatchStream {
  readonly tenantIds: readonly string[];
  /** Empty: from now on. */
  readonly cursor: string;
  /** Ends the stream, by abort. */
  readonly controller: AbortController;
  /** A third of the silence in ms after which the stream counts as dead: the longest pause of one that is well. */
  readonly tickMs: number;
  /** Told each response, in order. What it throws ends the stream. */
  readonly onResponse: (response: WatchUsersResponse) => void;
  /** Called a few times in each tick of a silence that is longer than it should be, until the stream ends. */
  readonly onSilence: () => void;
}

/** How often a silence is looked at in one tick, so that what follows from its length is told about in time. */
const LOOKS_PER_TICK = 4;

/** Nothing came for as long as three checkpoints take: the connection may be a black hole, which tells nobody. */
export class StreamSilentError extends Error {
  override readonly name = 'StreamSilentError';

  constructor(silentMs: number) {
    super(`the change feed said nothing for ${silentMs} ms`);
  }
}

/**
 * Reads one stream until it ends: resolves where the server ended it well, throws its error or the abort's reason otherwise.
 * It has ended for good when this returns, whatever the transport makes of the abort: nothing is told afterwards.
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

/** Looks are counted, not a time: a process that was stopped or busy gets to read what has come before it calls it silence. */
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

/** How long to wait before the next stream: `baseMs`, then twice as long each time, up to `maxMs`. */
interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** After a break. As far apart as the channel's own attempts to connect, so that a service that is back is noticed soon. */
export const BREAK_BACKOFF: Backoff = { baseMs: 100, maxMs: 2_000 };
/** After a refusal, which only a deployment or a grant changes: from a second (one of two servers may be new) to a minute. */
export const REFUSED_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 60_000 };

/** The pause in ms before attempt n: none before the first; then half of it is chance, so that clients do not come as one. */
export function backoffMs(attempt: number, random: () => number, { baseMs, maxMs }: Backoff): number {
  if (attempt <= 0) return 0;
  const fullMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return fullMs / 2 + (random() * fullMs) / 2;
}

/** Why a stream ended, as far as it matters for the next one. */
export type StreamEnd =
  /** It broke: resume by the cursor. */
  | 'broken'
  /** The cursor cannot be resumed at: something was missed. */
  | 'lost'
  /** The caller may not watch one of the tenants. */
  | 'denied'
  /** The service says no, and will do so again: it has no change feed, or does not know the caller. */
  | 'refused';

const REFUSALS = new Set([
  Code.FailedPrecondition,
  Code.InvalidArgument,
  Code.NotFound,
  Code.OutOfRange,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

/** Judges the error of a stream. A cursor that the service does not take, whatever it says of it, is lost. */
export function judgeStreamEnd(error: unknown, hadCursor: boolean): StreamEnd {
  if (error instanceof FeedReplacedError) return 'lost';
  if (!(error instanceof ConnectError)) return 'broken';
  if (hadCursor && (error.code === Code.OutOfRange || error.code === Code.InvalidArgument)) return 'lost';
  if (error.code === Code.PermissionDenied) return 'denied';
  return REFUSALS.has(error.code) ? 'refused' : 'broken';
}

/** The checkpoint of a stream is of another feed than the one before: the service's database is another one or went back. */
export class FeedReplacedError extends Error {
  override readonly name = 'FeedReplacedError';
  readonly feed: string;

  constructor(feed: string) {
    super('the change feed is another one than before');
    this.feed = feed;
  }
}

/** The feed that is told now, where the end of a stream says so. */
export function feedNamedBy(error: unknown): string | undefined {
  if (error instanceof FeedReplacedError) return error.feed;
  return errorReason(error)?.metadata.feed;
}

/** The pause in ms that the service asks for, at most a minute. 0: none. */
export function askedPauseMs(error: unknown): number {
  if (!(error instanceof ConnectError)) return 0;
  const [info] = error.findDetails(RetryInfoSchema);
  const delay = info?.retryDelay;
  if (delay === undefined) return 0;
  return Math.min(REFUSED_BACKOFF.maxMs, Math.max(0, Number(delay.seconds) * 1_000 + delay.nanos / 1e6));
}
