import { timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, type HandlerContext } from '@connectrpc/connect';
import type { WatchUsersRequest } from '@rollcall/contract/user';
import { type Faults, serviceDown, whenAborted } from './faults.ts';
import { refusal } from './model/refusal.ts';
import type { UserStore } from './model/user-store.ts';

/**
 * Half of the maximum of the contract, so that a busy machine does not look like a broken stream.
 * Milliseconds.
 */
const CHECKPOINT_EVERY_MS = 500;

/** Handler of WatchUsers. */
export function createWatchHandlers({ changes }: UserStore, faults: Faults) {
  return {
    async *watchUsers({ tenantIds, cursor }: WatchUsersRequest, { signal }: Pick<HandlerContext, 'signal'>) {
      const cut = faults.streamSignal;
      const ended = AbortSignal.any([signal, cut]);
      const { feed } = changes;
      let position = cursor === '' ? changes.end : changes.positionOf(cursor);
      if (position === undefined) throw cursorExpired(feed);
      while (!ended.aborted) {
        if (changes.feed !== feed) throw cursorExpired(changes.feed);
        const nextChange = changes.nextChange;
        const newChanges = changes.after(position);
        position += newChanges.length;
        yield {
          changes: newChanges.filter(({ tenantId }) => tenantIds.includes(tenantId)),
          checkpoint: { cursor: changes.toCursor(position), time: timestampNow(), feed },
        };
        await nextUpdate(nextChange, ended);
        while (faults.isSilent && !ended.aborted) await nextUpdate(changes.nextChange, ended);
      }
      if (cut.aborted) throw serviceDown();
    },
  };
}

function cursorExpired(feed: string) {
  const message = 'The cursor is not one of the change feed: forget what is cached and watch without one.';
  return refusal(Code.OutOfRange, 'CURSOR_EXPIRED', message, { metadata: { feed } });
}

/** Resolves at the next change, the next checkpoint, or the end of the stream. */
async function nextUpdate(nextChange: Promise<void>, ended: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CHECKPOINT_EVERY_MS);
  const over = new AbortController();
  await Promise.race([promise, nextChange, whenAborted(AbortSignal.any([ended, over.signal]))]);
  over.abort();
  clearTimeout(timer);
}
