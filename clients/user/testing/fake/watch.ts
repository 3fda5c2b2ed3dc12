import { timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, type HandlerContext } from '@connectrpc/connect';
import type { WatchUsersRequest } from '@rollcall/contract/user';
import { type Faults, serviceDown, whenAborted } from './faults.ts';
import { refusal } from './model/refusal.ts';
import type { UserStore } from './model/user-store.ts';

/** Half of what the contract promises at most, so that a busy machine does not look like a broken stream. */
const CHECKPOINT_EVERY_MS = 500;

/** WatchUsers over a store. */
export function createWatchHandlers({ changes }: UserStore, troubles: Faults) {
  return {
    async *watchUsers({ tenantIds, cursor }: WatchUsersRequest, { signal }: Pick<HandlerContext, 'signal'>) {
      const cut = troubles.streamSignal;
      const gone = AbortSignal.any([signal, cut]);
      const { feed } = changes;
      let position = cursor === '' ? changes.end : changes.positionOf(cursor);
      if (position === undefined) throw cursorExpired(feed);
      while (!gone.aborted) {
        if (changes.feed !== feed) throw cursorExpired(changes.feed);
        const grown = changes.nextChange;
        const told = changes.after(position);
        position += told.length;
        yield {
          changes: told.filter(({ tenantId }) => tenantIds.includes(tenantId)),
          checkpoint: { cursor: changes.toCursor(position), time: timestampNow(), feed },
        };
        await nextMoment(grown, gone);
        while (troubles.isSilent && !gone.aborted) await nextMoment(changes.nextChange, gone);
      }
      if (cut.aborted) throw serviceDown();
    },
  };
}

function cursorExpired(feed: string) {
  const message = 'The cursor is not one of the change feed: forget what is cached and watch without one.';
  return refusal(Code.OutOfRange, 'CURSOR_EXPIRED', message, { metadata: { feed } });
}

/** The next change, the next checkpoint, or the end. */
async function nextMoment(grown: Promise<void>, gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CHECKPOINT_EVERY_MS);
  const over = new AbortController();
  await Promise.race([promise, grown, whenAborted(AbortSignal.any([gone, over.signal]))]);
  over.abort();
  clearTimeout(timer);
}
