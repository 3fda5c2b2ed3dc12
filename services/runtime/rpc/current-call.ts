import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call } from './call.ts';

const calls = new AsyncLocalStorage<Call>();

/** Serves a call so that everything it leads to can ask about it. */
export function runAsCurrent<T>(call: Call, serve: () => T): T {
  return calls.run(call, serve);
}

/** The id of the call that is being served here. Undefined outside of calls. For calls to other services, to pass it on. */
export function currentRequestId(): string | undefined {
  return calls.getStore()?.requestId;
}

/**
 * Answers whether nobody waits any more for the call that is being served here: its caller went away, or its deadline passed.
 * For those who are about to begin something dear. Outside of calls: never.
 */
export function watchCurrentCall(): () => boolean {
  const call = calls.getStore();
  return () => call?.signal.aborted ?? false;
}
