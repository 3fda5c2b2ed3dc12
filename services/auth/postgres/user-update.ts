import type { RunPrepared } from '@rollcall/runtime/postgres';
import { emailKey, type ProfileJson, type User, type UserChanges } from '../users/user.ts';
import type { UserUpdate, WriteRequest } from '../users/user-writes.ts';
import { isSameProfile, mergeProfile } from './merge-profile.ts';
import { SELECT_BY_VIEW, type SelectedRow, userFromRow } from './user-from-row.ts';
import { requireSameRequest, toUserError } from './write-errors.ts';

const CLAIM = {
  name: 'write_claim',
  text: `insert into write_requests (tenant_id, request_id, method, fingerprint, user_id) values ($1, $2, $3, $4, $5)
    on conflict do nothing returning user_id`,
};

const CLAIMED = {
  name: 'write_claimed',
  text: 'select method, fingerprint, user_id from write_requests where tenant_id = $1 and request_id = $2',
};

const LOCK = {
  name: 'user_lock',
  text: `${SELECT_BY_VIEW.BASIC} where u.tenant_id = $1 and u.id = $2 for update`,
};

const PROFILE = {
  name: 'user_profile',
  text: 'select profile from user_profiles where tenant_id = $1 and user_id = $2',
};

const READ = { name: 'user_full', text: `${SELECT_BY_VIEW.FULL} where u.tenant_id = $1 and u.id = $2` };

// The change is numbered behind the write that takes the user's lock, so that the numbers of a user's changes are in the
// order of its versions.
const UPDATE = {
  name: 'user_update',
  text: `with changed as (
      update users set version = version + 1, update_time = $4, state = $5, role = $6, first_name = $7, last_name = $8,
        display_name = $9, profile_image = $10, business_name = $11, phone = $12,
        email = coalesce($13, email), email_key = case when $13::text is null then email_key else $14 end
      where tenant_id = $1 and id = $2 and version = $3 returning tenant_id, id, version
    ), kept as (
      insert into user_profiles (tenant_id, user_id, profile)
      select tenant_id, id, $15::jsonb from changed where $15::jsonb is not null
      on conflict (tenant_id, user_id) do update set profile = excluded.profile
    )
    insert into user_changes (tenant_id, user_id, version, kind)
    select tenant_id, id, version, 'UPDATED' from changed returning version`,
};

/** The user was changed by somebody else since it was read: what was begun must begin anew. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/** The transaction that changes a user and keeps others waiting meanwhile. */
export function createUserUpdate(run: RunPrepared): UserUpdate {
  return {
    claim: (tenantId, request, userId) => claim(run, { tenantId, request, userId }),
    lock: (tenantId, id) => lock(run, tenantId, id),
    update: (user, changes) => update(run, user, changes),
  };
}

/**
 * The same without a transaction: reads, and writes in one statement, which rejects with OvertakenError where another write
 * came between. No number of a transaction is held while this process is busy, and the feed waits for none. A request that
 * has to be noted is none of its business: OvertakenError.
 */
export function createUnlockedUserUpdate(run: RunPrepared): UserUpdate {
  return {
    claim: () => Promise.reject(new OvertakenError()),
    async lock(tenantId, id) {
      const [row] = await run<SelectedRow>(READ, [tenantId, id]);
      return row && userFromRow(row, 'FULL');
    },
    update: (user, changes) => update(run, user, changes),
  };
}

async function claim(
  run: RunPrepared,
  { tenantId, request, userId }: { tenantId: string; request: WriteRequest; userId: string },
): Promise<string | undefined> {
  const { id, method, fingerprint } = request;
  // A repeat that comes while the first is still at work waits here for its end.
  const noted = await run(CLAIM, [tenantId, id, method, Buffer.from(fingerprint), userId]);
  if (noted.length > 0) return undefined;
  const rows = await run<{ method: string; fingerprint: Buffer; user_id: string }>(CLAIMED, [tenantId, id]);
  const [before] = rows;
  if (!before) throw new Error('A write that was noted before is not there any more.');
  requireSameRequest(request, before);
  return before.user_id;
}

async function lock(run: RunPrepared, tenantId: string, id: string): Promise<User | undefined> {
  const [row] = await run<SelectedRow>(LOCK, [tenantId, id]);
  if (!row) return undefined;
  // A statement of its own: joined to the other, it would be from before a wait for the lock.
  const [kept] = await run<{ profile: ProfileJson }>(PROFILE, [tenantId, id]);
  return { ...userFromRow(row, 'BASIC'), profile: kept?.profile ?? {} };
}

async function update(run: RunPrepared, user: User, changes: UserChanges): Promise<User> {
  const before = user.profile ?? {};
  const profile = mergeProfile(before, changes.profile);
  const isProfileChanged = !isSameProfile(profile, before);
  if (!isProfileChanged && !isChanged(user, changes)) return user;
  const changed = { ...applied(user, changes), profile, version: user.version + 1n, updateTime: new Date() };
  const keptProfile = isProfileChanged ? JSON.stringify(profile) : null;
  const values = [...toValues(changed, changes.email), keptProfile];
  const written = await run(UPDATE, values).catch((error: unknown) => {
    throw toUserError(error, user);
  });
  if (written.length === 0) throw new OvertakenError();
  return changed;
}

function applied(user: User, { profile: _, email, phone, ...columns }: UserChanges): User {
  const { contact } = user;
  if (!contact) throw new Error('A user is changed that was not read in full.');
  return {
    ...user,
    ...columns,
    contact: { ...contact, email: email ?? contact.email, phone: phone ?? contact.phone },
  };
}

function isChanged(user: User, { profile: _, ...columns }: UserChanges): boolean {
  const before: Partial<Record<string, unknown>> = { ...user, ...user.contact };
  return Object.entries(columns).some(([key, value]) => before[key] !== value);
}

// In the order of the statement's parameters, the version that is expected among them.
function toValues(user: User, email: string | undefined): unknown[] {
  return [
    user.tenantId,
    user.id,
    user.version - 1n,
    user.updateTime,
    user.state,
    user.role,
    user.firstName,
    user.lastName,
    user.displayName,
    user.profileImage,
    user.businessName,
    user.contact?.phone,
    email,
    email === undefined ? null : emailKey(email),
  ];
}
