import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { emailKey, MAX_PROFILE_BYTES, type ProfileJson, type User, type UserChanges } from '../users/user.ts';
import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { UserTransaction, WriteRequest } from '../users/user-writes.ts';
import { UserEntity, UserProfileEntity, type UserRow, WriteRequestEntity } from './user-entity.ts';

/** The domain's transaction on top of MikroORM's. `announced`: told of each change that will be true once it commits. */
export function createUserTransaction(
  em: EntityManager,
  announced: (change: UserChange) => void,
): UserTransaction {
  const announce = async (change: UserChange) => {
    await writeChange(em, change);
    announced(change);
  };
  return {
    claim: (tenantId, request, userId) => claim(em, { tenantId, request, userId }),
    async lock(tenantId, id) {
      const row = await em.findOne(UserEntity, { tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return row ? toUser(row, await findProfile(em, row)) : undefined;
    },
    insert: (tenantId, id, user) => insert(em, { tenantId, id, user, announce }),
    update: (user, changes) => update(em, user, { changes, announce }),
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
  if (before.method === request.method && fingerprint.equals(before.fingerprint)) return before.userId;
  const message = `Request id ${request.id} was used before, for another request; choose a new one.`;
  throw new UserError('REQUEST_ID_REUSED', message, {
    reused_request_id: request.id,
    method: before.method,
  });
}

async function insert(
  em: EntityManager,
  { tenantId, id, user, announce }: { tenantId: string; id: string; user: UserChanges; announce: Announce },
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
  await announce({ ...toChange(row), kind: 'CREATED' });
  const kept = merged({}, profile);
  if (Object.keys(kept).length > 0)
    await em.insert(UserProfileEntity, { tenantId, userId: id, profile: kept });
  return toUser(row, kept);
}

async function update(
  em: EntityManager,
  user: User,
  { changes: { profile, ...columns }, announce }: { changes: UserChanges; announce: Announce },
): Promise<User> {
  const { tenantId, id } = user;
  const row = await em.findOneOrFail(UserEntity, { tenantId, id });
  const wanted = columns.email === undefined ? columns : { ...columns, emailKey: emailKey(columns.email) };
  const differs = Object.entries(wanted).some(([key, value]) => row[key as keyof UserRow] !== value);
  const kept = merged(user.profile ?? {}, profile);
  const profileDiffers = JSON.stringify(kept) !== JSON.stringify(inOrder(user.profile ?? {}));
  if (!differs && !profileDiffers) return user;
  Object.assign(row, wanted, {
    version: user.version + 1n,
    updateTime: new Date(),
  });
  await flush(em, row);
  await announce({ ...toChange(row), kind: 'UPDATED' });
  if (profileDiffers) await em.upsert(UserProfileEntity, { tenantId, userId: id, profile: kept });
  return toUser(row, kept);
}

async function flush(em: EntityManager, row: UserRow): Promise<void> {
  try {
    em.persist(row);
    await em.flush();
  } catch (error) {
    if (sqlState(error) !== '23505') throw error;
    const { tenantId, id } = row;
    if (violatedConstraint(error) === 'users_email_key') {
      // The address itself stays out of messages and logs.
      throw new UserError('EMAIL_TAKEN', `Another user of tenant ${tenantId} has this e-mail address.`, {
        tenant_id: tenantId,
      });
    }
    throw new UserError('USER_ID_TAKEN', `Tenant ${tenantId} has a user ${id} already.`, {
      tenant_id: tenantId,
      id,
    });
  }
}

/** Says that a user changed. */
type Announce = (change: UserChange) => Promise<void>;

// Behind the write that takes the user's lock, so that the numbers of a user's changes are in the order of its versions.
async function writeChange(em: EntityManager, { tenantId, id, version, kind }: UserChange): Promise<void> {
  await em.execute('insert into user_changes (tenant_id, user_id, version, kind) values (?, ?, ?, ?)', [
    tenantId,
    id,
    version,
    kind,
  ]);
}

function toChange({ tenantId, id, version }: UserRow) {
  return { tenantId, id, version };
}

// Keys in order, so that two profiles can be compared as text.
function merged(profile: ProfileJson, changes: ProfileJson = {}): ProfileJson {
  const result = inOrder({ ...profile, ...changes });
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= MAX_PROFILE_BYTES) return result;
  const message = `The profile would take ${bytes} bytes as JSON, and may take ${MAX_PROFILE_BYTES}.`;
  throw new UserError('PROFILE_TOO_LARGE', message, {
    bytes: String(bytes),
    limit: String(MAX_PROFILE_BYTES),
  });
}

function inOrder(profile: ProfileJson): ProfileJson {
  const entries = Object.entries(profile).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
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
