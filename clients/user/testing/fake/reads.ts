import { toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  type BatchGetUsersRequest,
  type GetUserRequest,
  type ResolveUsersRequest,
  type User,
  UserSchema,
} from '@rollcall/contract/user';
import { refusal, userNotFound } from './model/refusal.ts';
import type { UserStore } from './model/user-store.ts';
import { emailKey, toView } from './model/views.ts';

/** Handlers of GetUser, BatchGetUsers and ResolveUsers. */
export function createReadHandlers(store: UserStore) {
  return {
    getUser({ tenantId, id, view, minVersion }: GetUserRequest) {
      const user = store.read(tenantId, id);
      if (user === undefined) throw userNotFound(tenantId, id);
      requireMinVersion(user, id, minVersion);
      return { user: toView(user, view), readTime: timestampNow() };
    },
    batchGetUsers(request: BatchGetUsersRequest) {
      const outcomes = request.ids.map((id) => ({ id, outcome: toOutcome(store, request, id) }));
      requireSize(outcomes.map(({ outcome }) => outcome));
      return { outcomes, readTime: timestampNow() };
    },
    resolveUsers({ tenantId, view, keys }: ResolveUsersRequest) {
      const outcomes = keys.map((key) => {
        const found = findByKey(store, { tenantId, key });
        return { key, outcome: found ? { case: 'user' as const, value: toView(found, view) } : MISSING };
      });
      return { outcomes, readTime: timestampNow() };
    },
  };
}

const MISSING = { case: 'missing' as const, value: {} };

function toOutcome(store: UserStore, request: BatchGetUsersRequest, id: string) {
  const user = store.read(request.tenantId, id);
  if (user === undefined) {
    if (request.requireAll) throw userNotFound(request.tenantId, id);
    return MISSING;
  }
  requireMinVersion(user, id, findById(request.minVersions, id) ?? 0n);
  const isUnrated = user.totalReviews === 0;
  const known = [
    findById(request.knownVersions, id),
    isUnrated ? findById(request.knownUnratedVersions, id) : undefined,
  ];
  // The version of a survivor says nothing about the cached copy of a merged user.
  if (user.id === id.toLowerCase() && known.includes(user.version))
    return { case: 'unchanged' as const, value: { version: user.version } };
  return { case: 'user' as const, value: toView(user, request.view) };
}

// The largest message. Bytes.
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

function requireSize(outcomes: readonly ReturnType<typeof toOutcome>[]): void {
  let bytes = 0;
  for (const outcome of outcomes) {
    if (outcome.case === 'user') bytes += toBinary(UserSchema, outcome.value).byteLength;
    if (bytes <= MAX_ANSWER_BYTES) continue;
    const message = `One answer cannot hold the profiles of ${outcomes.length} users; ask for fewer at once.`;
    throw refusal(Code.ResourceExhausted, 'MESSAGE_TOO_LARGE', message);
  }
}

function findById(versions: Readonly<Record<string, bigint>>, id: string): bigint | undefined {
  return Object.entries(versions).find(([key]) => key.toLowerCase() === id.toLowerCase())?.[1];
}

function requireMinVersion(user: User, id: string, minVersion: bigint): void {
  if (user.id !== id.toLowerCase() || user.version >= minVersion) return;
  const message = `User ${id} is at version ${user.version} here; version ${minVersion} was asked for.`;
  const metadata = { id: user.id, version: String(user.version), min_version: String(minVersion) };
  throw refusal(Code.Unavailable, 'VERSION_NOT_REACHED', message, { metadata });
}

function findByKey(
  store: UserStore,
  { tenantId, key: { key } }: { tenantId: string; key: ResolveUsersRequest['keys'][number] },
): User | undefined {
  if (key.case !== 'externalId') return store.readByEmail(tenantId, emailKey(key.value ?? ''));
  const holder = store.externalIds.holder(tenantId, key.value);
  return holder === undefined ? undefined : store.read(tenantId, holder);
}
