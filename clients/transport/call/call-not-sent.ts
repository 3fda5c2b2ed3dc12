import type { ConnectError } from '@connectrpc/connect';

const notSent = new WeakSet<ConnectError>();

/** Marks the error of a call that this process could not send. Its code is the one that callers expect; the service said nothing. */
export function markNotSent(error: ConnectError): ConnectError {
  notSent.add(error);
  return error;
}

/**
 * Whether a call failed before it left, by a fault of this process: its message cannot be written, or it has no service token. It
 * says nothing of the service.
 */
export function isCallNotSent(error: unknown): boolean {
  return notSent.has(error as ConnectError);
}
