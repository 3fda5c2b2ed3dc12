import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { User, UserChanges } from '../../users/user.ts';
import { touchedBetween } from '../../users/user-change.ts';
import type { UserUpdate } from '../../users/user-writes.ts';
import { changeInsert } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { isSameProfile, updatedProfile } from '../rows/stored-profile.ts';
import { reserveEmail, toUserError } from '../rows/uniqueness.ts';
import { createUserTransaction, readUser } from './user-transaction.ts';

const UPDATE = {
  name: 'user_update',
  text: `with changed as (
      update users set version = version + 1, update_time = $4, state = $5, role = $6, first_name = $7, last_name = $8,
        display_name = $9, profile_image = $10, business_name = $11,
        email_sealed = case when $12 then $13 else email_sealed end, email_key = case when $12 then $14 else email_key end,
        email_base_key = case when $12 then $18 else email_base_key end,
        phone_sealed = case when $15 then $16 else phone_sealed end, phone_key = case when $15 then $17 else phone_key end
      where tenant_id = $1 and id = $2 and version = $3 returning tenant_id, id, version, update_time
    ), kept as (
      insert into user_profiles (tenant_id, user_id, profile)
      select tenant_id, id, $19::jsonb from changed where $19::jsonb is not null
      on conflict (tenant_id, user_id) do update set profile = excluded.profile
    ), untagged as (
      delete from user_tags t using changed c
      where t.tenant_id = c.tenant_id and t.user_id = c.id and $20::text[] is not null and t.tag <> all($20::text[])
    ), tagged as (
      insert into user_tags (tenant_id, user_id, tag, position)
      select tenant_id, id, t.tag, t.position from changed, unnest($20::text[]) with ordinality as t (tag, position)
      on conflict (tenant_id, user_id, tag) do update set position = excluded.position
    )
    ${changeInsert({ kind: `'UPDATED'`, contentView: '$21::text', figuresView: '$22::text' })} returning version`,
};

/** Another write changed the user since it was read. The update must begin again. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError';
}

/** The transaction that updates a user under a lock. */
export function createUserUpdate(run: RunPrepared, seal: ContactSeal): UserUpdate {
  return {
    ...createUserTransaction(run, seal),
    async update(user, changes) {
      if (changes.email !== undefined) await reserveEmail(run, changes.email, { seal, owner: user });
      return update(run, { user, changes }, seal);
    },
  };
}

/**
 * An update without a transaction: a read, then one statement that writes if the version is still the same.
 * No transaction id is held while this process is busy, so the change feed does not wait. An update with a
 * request id, or with an address that must be reserved, needs a transaction.
 * @throws WriteConflictError when another write came between, or when the update needs a transaction.
 */
export function createOptimisticUserUpdate(run: RunPrepared, seal: ContactSeal): UserUpdate {
  return {
    claim: () => Promise.reject(new WriteConflictError()),
    async lock(tenantId, id) {
      const user = await readUser(run, { tenantId, id }, seal);
      // The canonical user of a merged user is found under locks.
      if (!user) throw new WriteConflictError();
      return user;
    },
    async update(user, changes) {
      if (changes.email !== undefined && seal.keyring.hasOldIndexKeys) throw new WriteConflictError();
      return update(run, { user, changes }, seal);
    },
  };
}

async function update(
  run: RunPrepared,
  { user, changes }: { user: User; changes: UserChanges },
  seal: ContactSeal,
): Promise<User> {
  const before = user.profile ?? {};
  const tags = changes.tags ?? user.tags ?? [];
  const profile = updatedProfile(before, changes.profile, tags);
  const isProfileChanged = !isSameProfile(profile, before);
  const isTagged = JSON.stringify(tags) !== JSON.stringify(user.tags ?? []);
  if (!isProfileChanged && !isTagged && !isChanged(user, changes)) return user;
  const changed = {
    ...applied(user, changes),
    profile,
    tags,
    version: user.version + 1n,
    updateTime: new Date(),
  };
  const touched = touchedBetween({ ...user, profile: before }, changed);
  const keptProfile = isProfileChanged ? JSON.stringify(profile) : null;
  const values = [
    ...toValues(changed),
    ...contactValues({ user, changes }, seal),
    keptProfile,
    isTagged ? tags : null,
    ...[touched.content, touched.figures],
  ];
  const written = await run(UPDATE, values).catch((error: unknown) => {
    throw toUserError(error, user);
  });
  if (written.length === 0) throw new WriteConflictError();
  return changed;
}

function applied(user: User, { profile: _, tags: __, email, phone, ...columns }: UserChanges): User {
  const { contact } = user;
  if (!contact) throw new Error('A user is changed that was not read in full.');
  return {
    ...user,
    ...columns,
    contact: { ...contact, email: email ?? contact.email, phone: phone ?? contact.phone },
  };
}

function isChanged(user: User, { profile: _, tags: __, ...columns }: UserChanges): boolean {
  const before: Partial<Record<string, unknown>> = { ...user, ...user.contact };
  return Object.entries(columns).some(([key, value]) => before[key] !== value);
}

// In the order of the statement's parameters, with the expected version.
function toValues(user: User): unknown[] {
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
  ];
}

// Unchanged contact data stay as they are sealed.
function contactValues(
  { user, changes }: { user: User; changes: UserChanges },
  seal: ContactSeal,
): unknown[] {
  const { email, phone } = changes;
  const emailColumns = email === undefined ? undefined : seal.sealEmail(email, user);
  const phoneColumns = phone === undefined ? undefined : seal.sealPhone(phone, user);
  return [
    emailColumns !== undefined,
    emailColumns?.email_sealed,
    emailColumns?.email_key,
    phoneColumns !== undefined,
    phoneColumns?.phone_sealed,
    phoneColumns?.phone_key,
    emailColumns?.email_base_key,
  ];
}
