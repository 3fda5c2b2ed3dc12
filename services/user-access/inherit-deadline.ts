import type { Interceptor } from '@rollcall/runtime/rpc';
import { withDeadline } from '@rollcall/transport';

// What is left of the caller's time for putting the answer together and sending it.
const ANSWER_MS = 50;

/**
 * Lets no call that the handler makes outlast the caller's own deadline, so that the answer still reaches whoever asked.
 * A caller that set none adds no bound. Stands behind the chain of every service, which fails a call whose time is over.
 */
export const inheritDeadline: Interceptor = (next) => (call) => {
  const leftMs = call.timeoutMs();
  return withDeadline(leftMs === undefined ? undefined : leftMs - ANSWER_MS, () => next(call));
};
