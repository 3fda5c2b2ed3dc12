import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason } from '@rollcall/transport';
import { toViewName } from './describe-user.ts';
import type { UserResolver } from './remote-user-reader.ts';
import type { UserAnswer, UserReader, UserScope } from './user-reader.ts';

/**
 * Asks in halves where the answer to all is larger than a message may be (500 whole profiles are up to 32 MB, a message 4 MiB),
 * and halves those again where need be. What is too large alone answers `failed`, for itself only.
 * Stands directly above the wire: hedging and breaker see one read, whose deadline all parts share.
 */
export function withHalving(next: UserReader & UserResolver): UserReader & UserResolver {
  return {
    readMany: (scope, reads, call) => askInParts(scope, reads, (part) => next.readMany(scope, part, call)),
    resolveMany: (scope, keys, call) =>
      askInParts(scope, keys, (part) => next.resolveMany(scope, part, call)),
  };
}

async function askInParts<Asked>(
  scope: UserScope,
  asked: readonly Asked[],
  ask: (part: readonly Asked[]) => Promise<readonly UserAnswer[]>,
): Promise<readonly UserAnswer[]> {
  try {
    return await ask(asked);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (asked.length === 1) return [{ outcome: 'failed', error: tooLargeAlone(scope, asked[0], error) }];
    const middle = Math.ceil(asked.length / 2);
    const halves = [asked.slice(0, middle), asked.slice(middle)];
    return (await Promise.all(halves.map((half) => askInParts(scope, half, ask)))).flat();
  }
}

/** How gRPC libraries call it where no service gives a reason. Without these words it may be a limit of calls, and more calls made it worse. */
const TOO_LARGE = /larger than|exceeds maximum size/;

function isTooLarge(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError) || error.code !== Code.ResourceExhausted) return false;
  const reason = errorReason(error)?.reason;
  return reason === undefined ? TOO_LARGE.test(error.rawMessage) : reason === 'MESSAGE_TOO_LARGE';
}

function tooLargeAlone({ tenantId, view }: UserScope, asked: unknown, cause: ConnectError): ConnectError {
  const key = JSON.stringify(asked, ['id', 'email', 'source', 'externalId']);
  const message = `the answer about ${key} of tenant ${tenantId}, in view ${toViewName(view)}, is alone larger than a message may be: ask for a smaller view`;
  const error = new ConnectError(message, cause.code, cause.metadata, undefined, cause);
  error.details = cause.details;
  return error;
}
