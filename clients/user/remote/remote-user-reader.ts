import { type CallOptions, type Client, createClient, type Transport } from '@connectrpc/connect';
import {
  type BatchGetUsersRequest,
  type ResolveOutcome,
  type User,
  type UserOutcome,
  UserService,
  UserView,
} from '@rollcall/contract/user';
import { withAnswerDecoder, withoutDeadline } from '@rollcall/transport';
import { AnswerMalformedError } from '../model/classify-error.ts';
import { compactUser } from '../model/compact-user.ts';
import type { UserKey } from '../model/user-lookup.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { decodeUsers } from './decode-users.ts';

/** Finds users by other keys than their id. Answers as UserReader does. */
export interface UserResolver {
  resolveMany(scope: UserScope, keys: readonly UserKey[], call: ReadCall): Promise<readonly UserAnswer[]>;
}

const BATCH = UserService.method.batchGetUsers;

/**
 * Reads users over the wire: one RPC per call, with at most 500 ids or keys. Single ids use BatchGetUsers
 * too, which answers `missing` in an outcome instead of an error. Rejects with ConnectError, or with
 * AnswerMalformedError where the answer does not fit the question, as with a user of another tenant. A
 * deadline of the calling context is ignored, because several callers may share the read. Each caller waits
 * within its own.
 */
export function createRemoteUserReader(transport: Transport, clock: Clock): UserReader & UserResolver {
  const users: Client<typeof UserService> = createClient(UserService, transport);
  return {
    async readMany(scope, reads, call) {
      const readAtMs = clock();
      const request = toBatchRequest(scope, reads);
      const contextValues = withAnswerDecoder(BATCH, (bytes) => decodeUsers(bytes, request));
      const { outcomes } = await withoutDeadline(() =>
        users.batchGetUsers(request, { ...toLimit(call, readAtMs), contextValues }),
      );
      checkCount(outcomes, reads);
      return reads.map((read, i) => toAnswer(scope, outcomes[i], readAtMs, read.id));
    },
    async resolveMany(scope, keys, call) {
      const readAtMs = clock();
      const { outcomes } = await withoutDeadline(() =>
        users.resolveUsers({ ...scope, keys: keys.map(toWireKey) }, toLimit(call, readAtMs)),
      );
      checkCount(outcomes, keys);
      return keys.map((_, i) => toAnswer(scope, outcomes[i], readAtMs));
    },
  };
}

/** Whole milliseconds for Connect's protocols, and at least one: some transports take 0 for no deadline. */
function toLimit({ deadlineAtMs, signal }: ReadCall, nowMs: number): CallOptions {
  return { timeoutMs: Math.max(1, Math.ceil(deadlineAtMs - nowMs)), ...(signal && { signal }) };
}

/** A plain message, which needs no copy when it is sent. */
function toBatchRequest({ tenantId, view }: UserScope, reads: readonly UserRead[]): BatchGetUsersRequest {
  const knownVersions: Record<string, bigint> = {};
  const knownUnratedVersions: Record<string, bigint> = {};
  const minVersions: Record<string, bigint> = {};
  for (const { id, minVersion, knownVersion, isUnrated } of reads) {
    if (knownVersion !== undefined) {
      // A service from before ratings were in this view may have answered the copy.
      const known = isUnrated && view === UserView.REFERENCE ? knownUnratedVersions : knownVersions;
      known[id] = knownVersion;
    }
    if (minVersion > 0n) minVersions[id] = minVersion;
  }
  return {
    $typeName: 'rollcall.user.v1.BatchGetUsersRequest',
    tenantId,
    ids: reads.map(({ id }) => id),
    view,
    knownVersions,
    knownUnratedVersions,
    minVersions,
    requireAll: false,
  };
}

function toWireKey(key: UserKey) {
  if ('email' in key) return { key: { case: 'email' as const, value: key.email } };
  return { key: { case: 'externalId' as const, value: { source: key.source, externalId: key.externalId } } };
}

function checkCount(outcomes: readonly unknown[], asked: readonly unknown[]): void {
  if (outcomes.length === asked.length) return;
  throw new AnswerMalformedError(
    `the user service answered ${outcomes.length} outcomes to ${asked.length} questions`,
  );
}

function toAnswer(
  scope: UserScope,
  answered: UserOutcome | ResolveOutcome | undefined,
  readAtMs: number,
  id?: string,
): UserAnswer {
  if (id !== undefined) checkId((answered as UserOutcome).id, id);
  const outcome = answered?.outcome;
  switch (outcome?.case) {
    case 'user':
      return {
        outcome: 'found',
        user: toKept(scope, outcome.value),
        readAtMs,
        source: 'service',
      };
    case 'missing':
      return { outcome: 'missing', readAtMs, source: 'service' };
    case 'unchanged':
      return { outcome: 'unchanged', version: outcome.value.version, readAtMs };
    default:
      throw new AnswerMalformedError('the user service answered an outcome that this client does not know');
  }
}

function checkId(answered: string, asked: string): void {
  if (answered === asked || answered.toLowerCase() === asked) return;
  throw new AnswerMalformedError(`the user service answered about ${answered} where ${asked} was asked`);
}

function toKept({ tenantId }: UserScope, user: User): User {
  if (user.tenantId !== tenantId) {
    throw new AnswerMalformedError(
      `the user service answered a user of tenant ${user.tenantId} where ${tenantId} was asked`,
    );
  }
  // decodeUsers has made it compact already.
  if (Object.isFrozen(user)) return user;
  // One string for all users of the tenant, in place of a copy in each message.
  user.tenantId = tenantId;
  return compactUser(user);
}
