import { Code, ConnectError } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/user';
import { OutboxAwayError, OutboxRefusedError } from '@rollcall/runtime/outbox';
import { errorReason } from '@rollcall/transport';

/** The longest that one telling may take, in ms. Our own choice: nobody waits for it. */
export const TELL_TIMEOUT_MS = 5000;

/**
 * Calls the user service for the outbox: its being away, busy or unwilling to know us is not the job's fault; a refusal is
 * for good; a fault inside it is tried again a few times. A user who was erased has nothing more to be told.
 */
export async function tellOwner(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (errorReason(error)?.reason === 'USER_DELETED') return;
    throw toOutboxError(error);
  }
}

function toOutboxError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  if (isAway(error)) return new OutboxAwayError(error.message, { cause: error });
  if (REFUSALS.has(error.code)) return new OutboxRefusedError(error.message, { cause: error });
  return error;
}

// Who is not known, or asks too much, is so with every job alike; so is an owner whose disk is full.
const AWAY = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Unauthenticated]);

const REFUSALS = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.OutOfRange,
]);

const AWAY_REASONS = new Set([
  'RATE_LIMITED',
  'DATABASE_FULL',
] satisfies (keyof typeof ErrorReason)[]) as ReadonlySet<string | undefined>;

function isAway(error: ConnectError): boolean {
  return AWAY.has(error.code) || AWAY_REASONS.has(errorReason(error)?.reason);
}
