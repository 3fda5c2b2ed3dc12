import type { Interceptor } from '@rollcall/runtime/rpc';
import { SEEN_HEADER, seenHeader, withSeenHeader } from '@rollcall/user-client';

/**
 * Shows no user older than the caller says it has seen (`x-rollcall-seen`), and says so in the answer, so that whoever comes
 * after it is bound as well. A header that cannot be read is ignored. Stands anywhere behind the chain of every service.
 */
export const inheritSeenVersions: Interceptor = (next) => (call) =>
  withSeenHeader({ get: (name) => call.header(name) ?? null }, async () => {
    await next(call);
    const seen = seenHeader();
    if (seen !== undefined) call.setHeader(SEEN_HEADER, seen);
  });
