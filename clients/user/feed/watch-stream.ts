import type { Client } from '@connectrpc/connect';
import type { UserService, WatchUsersResponse } from '@rollcall/contract/user';

/** One stream of changes. */
export interface WatchStream {
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
