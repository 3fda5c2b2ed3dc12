import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { emailKey, type ProfileJson, type User, type UserChanges } from '../users/user.ts';
import type { UserCreation, WriteRequest } from '../users/user-writes.ts';
import { mergeProfile } from './merge-profile.ts';
import { UserEntity, UserProfileEntity, type UserRow, WriteRequestEntity } from './user-entity.ts';
import { requireSameRequest, toUserError } from './write-errors.ts';

/** The transaction that makes a user, on top of MikroORM's. */
export function createUserCreation(em: EntityManager): UserCreation {
  return {
    claim: (tenantId, request, userId) => claim(em, { tenantId, request, userId }),
    async lock(tenantId, id) {
      const row = await em.findOne(UserEntity, { tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return row ? toUser(row, await findProfile(em, row)) : undefined;
    },
    insert: (tenantId, id, user) => insert(em, { tenantId, id, user }),
  };
}

async function claim(
  em: EntityManager,
  { tenantId, request, userId }: { tenantId: string; request: WriteRequest; userId: string },
) {
  const fingerprint = Buffer.from(request.fingerprint);
  // A repeat that comes while the first is still at work waits here for its end.
  const inserted = await em.execute<{ user_id: string }[]>(
    `insert into write_requests (tenant_id, request_id, method, fingerprint, user_id) values (?, ?, ?, ?, ?)
     on conflict do nothing returning user_id`,
    [tenantId, request.id, request.method, fingerprint, userId],
  );
  if (inserted.length > 0) return undefined;
  const before = await em.findOneOrFail(WriteRequestEntity, {
    tenantId,
    requestId: request.id,
  });
  requireSameRequest(request, before);
  return before.userId;
}

async function insert(
  em: EntityManager,
  { tenantId, id, user }: { tenantId: string; id: string; user: UserChanges },
) {
  const { profile, ...columns } = user;
  const now = new Date();
  const row = em.create(UserEntity, {
    ...EMPTY,
    ...columns,
    tenantId,
    id,
    emailKey: emailKey(user.email ?? ''),
    createTime: now,
    updateTime: now,
  });
  await flush(em, row);
  await announce(em, row);
  const kept = mergeProfile({}, profile);
  if (Object.keys(kept).length > 0)
    await em.insert(UserProfileEntity, { tenantId, userId: id, profile: kept });
  return toUser(row, kept);
}

async function flush(em: EntityManager, row: UserRow): Promise<void> {
  try {
    em.persist(row);
    await em.flush();
  } catch (error) {
    throw toUserError(error, row);
  }
}

async function announce(em: EntityManager, { tenantId, id, version }: UserRow): Promise<void> {
  await em.execute(
    `insert into user_changes (tenant_id, user_id, version, kind) values (?, ?, ?, 'CREATED')`,
    [tenantId, id, version],
  );
}

async function findProfile(em: EntityManager, { tenantId, id }: UserRow): Promise<ProfileJson> {
  const row = await em.findOne(UserProfileEntity, { tenantId, userId: id });
  return row?.profile ?? {};
}

function toUser(row: UserRow, profile: ProfileJson): User {
  const { email, phone, totalReviews } = row;
  return {
    tenantId: row.tenantId,
    id: row.id,
    version: row.version,
    state: row.state,
    role: row.role,
    firstName: row.firstName,
    lastName: row.lastName,
    displayName: row.displayName,
    profileImage: row.profileImage,
    businessName: row.businessName,
    createTime: row.createTime,
    updateTime: row.updateTime,
    deleteTime: row.deleteTime ?? null,
    contact: {
      email,
      phone,
      averageRating: Number(row.averageRating),
      totalReviews,
    },
    profile,
  };
}

const EMPTY = {
  version: 1n,
  state: 'ACTIVE',
  role: 'CUSTOMER',
  firstName: '',
  lastName: '',
  displayName: '',
  profileImage: '',
  businessName: '',
  averageRating: 0,
  totalReviews: 0,
  email: '',
  phone: '',
  deleteTime: null,
} as const;
