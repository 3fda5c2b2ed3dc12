import { Code, type ConnectError } from '@connectrpc/connect';
import { isCallNotSent } from '@rollcall/transport';
import type { Degradation } from './user-lookup.ts';

/** Most ids in a message: it goes to logs, and a call may be about thousands. */
const MAX_LISTED_IDS = 5;

/** Every reason of a UserClientError. Reasons are stable. */
export type UserClientReason =
  | 'canceled'
  | 'client_closed'
  | 'option_invalid'
  | 'service_refused'
  | 'user_not_found'
  | 'user_unavailable';

/** The base class of the client's errors. */
export abstract class UserClientError extends Error {
  /** A stable name for programs. */
  abstract readonly reason: UserClientReason;
}

/** An argument or option is invalid. Thrown before a call is sent. */
export class UserClientOptionError extends UserClientError {
  override readonly name = 'UserClientOptionError';
  readonly reason = 'option_invalid';
  /** The option or argument at fault: `tenantId`, `ids[3]`. */
  readonly option: string;

  constructor(option: string, fault: string) {
    super(`${option}: ${fault}`);
    this.option = option;
  }
}

/** The service says that these users do not exist in the tenant. */
export class UserNotFoundError extends UserClientError {
  override readonly name = 'UserNotFoundError';
  readonly reason = 'user_not_found';
  readonly tenantId: string;
  /** Every missing id of the call. */
  readonly ids: readonly string[];

  constructor(tenantId: string, ids: readonly string[]) {
    super(`no such user in tenant ${tenantId}: ${listIds(ids)}`);
    this.tenantId = tenantId;
    this.ids = ids;
  }
}

/** The service could not be asked, and nothing is known of these users. Whether they exist is unknown. */
export class UserUnavailableError extends UserClientError {
  override readonly name = 'UserUnavailableError';
  readonly reason = 'user_unavailable';
  readonly tenantId: string;
  /** Every id of the call without an answer. */
  readonly ids: readonly string[];
  /** Why the first of them has no answer. `cause` is the error behind it. */
  readonly degraded: Degradation;

  constructor(tenantId: string, ids: readonly string[], degraded: Degradation) {
    super(`cannot tell now who these users of tenant ${tenantId} are (${degraded.reason}): ${listIds(ids)}`, {
      cause: degraded.cause,
    });
    this.tenantId = tenantId;
    this.ids = ids;
    this.degraded = degraded;
  }
}

/**
 * The service refused the call: the call is wrong, or not granted. Or the call could not be sent, as its
 * message says. Waiting does not help.
 */
export class UserServiceRefusedError extends UserClientError {
  override readonly name = 'UserServiceRefusedError';
  readonly reason = 'service_refused';
  /** The code of gRPC. */
  readonly code: Code;
  /** The service's reason, a name of `ErrorReason`. Undefined: none came. */
  readonly serviceReason: string | undefined;

  constructor(cause: ConnectError, serviceReason: string | undefined) {
    const what = isCallNotSent(cause) ? 'could not be asked' : 'refused';
    super(`the user service ${what} (${serviceReason ?? Code[cause.code]}): ${cause.rawMessage}`, { cause });
    this.code = cause.code;
    this.serviceReason = serviceReason;
  }
}

/** The caller's signal aborted the read. `cause` is its reason. */
export class UserReadCanceledError extends UserClientError {
  override readonly name = 'UserReadCanceledError';
  readonly reason = 'canceled';

  constructor(cause: unknown) {
    super('the read was canceled by its signal', { cause });
  }
}

/** The client was closed before or during the call. */
export class UserClientClosedError extends UserClientError {
  override readonly name = 'UserClientClosedError';
  readonly reason = 'client_closed';

  constructor() {
    super('the user client is closed');
  }
}

function listIds(ids: readonly string[]): string {
  const listed = ids.slice(0, MAX_LISTED_IDS).join(', ');
  return ids.length > MAX_LISTED_IDS ? `${listed} and ${ids.length - MAX_LISTED_IDS} more, see ids` : listed;
}
