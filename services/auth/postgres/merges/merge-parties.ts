import type { PreparedStatement, RunPrepared } from '@rollcall/runtime/postgres';
import type { MergeParty } from '../../users/merging/user-merges.ts';
import type { User } from '../../users/user.ts';
import type { TouchedViews } from '../../users/user-change.ts';
import { changeInsert } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { updatedProfile } from '../rows/stored-profile.ts';
import { toUserError } from '../rows/uniqueness.ts';
import { mergeGroupOf, type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';
import { ConcurrentMergeError } from '../users/user-transaction.ts';

interface PartyRow extends SelectedRow {
  erase_time: Date | null;
  canonical_id: string;
}

const CANONICAL_ID = `(with recursive chain as (
    select u.id as chain_id, u.merged_into as next_id
    union all
    select m.id, m.merged_into from chain c join users m on m.tenant_id = u.tenant_id and m.id = c.next_id
  ) select chain_id from chain where next_id is null) as canonical_id`;

const READ: PreparedStatement = {
  name: 'merge_parties',
  text: `${selectOf('FULL', ['u.erase_time', CANONICAL_ID])} where u.tenant_id = $1 and u.id = any($2::uuid[])`,
};

// Users that are not merged are locked one by one in the order of ids, however they are given, and merged
// users only behind their survivor. So no two transactions wait for each other, including an erasure of the
// whole group.
const LOCK = {
  name: 'merge_lock',
  text: 'select 1 from users where tenant_id = $1 and id = $2 and merged_into is null for update',
};

const LOCK_MERGED = {
  name: 'merge_lock_merged',
  text: `select id from users where tenant_id = $1 and id = any($2::uuid[]) and merged_into = any($3::uuid[]) for update`,
};

const WRITE = {
  name: 'merge_write',
  text: `with changed as (
      update users set version = version + 1, update_time = $3, merged_into = $4, state = $5, role = $6, first_name = $7,
        last_name = $8, display_name = $9, profile_image = $10, business_name = $11, average_rating = $12,
        total_reviews = $13, email_sealed = $14, email_key = $15, email_base_key = $16, phone_sealed = $17, phone_key = $18
      where tenant_id = $1 and id = $2 returning tenant_id, id, version, update_time
    ), kept as (
      insert into user_profiles (tenant_id, user_id, profile) select tenant_id, id, $19::jsonb from changed
      on conflict (tenant_id, user_id) do update set profile = excluded.profile
    ), untagged as (
      delete from user_tags t using changed c where t.tenant_id = c.tenant_id and t.user_id = c.id and t.tag <> all($21::text[])
    ), tagged as (
      insert into user_tags (tenant_id, user_id, tag, position)
      select tenant_id, id, t.tag, t.position from changed, unnest($21::text[]) with ordinality as t (tag, position)
      on conflict (tenant_id, user_id, tag) do update set position = excluded.position
    )
    ${changeInsert({ kind: '$20', contentView: '$22::text', figuresView: '$23::text' })}`,
};

// Applies only to users with reported statistics.
const SUM_FIGURES = {
  name: 'merge_add_up',
  text: `update users u set last_activity_time = s.last_activity_time, total_reviews = s.total_reviews,
      average_rating = s.average_rating
    from (
      select count(*) as sources, max(last_activity_time) as last_activity_time,
        least(sum(total_reviews), 2147483647)::integer as total_reviews,
        coalesce(sum(average_rating * total_reviews) / nullif(sum(total_reviews), 0), 0) as average_rating
      from user_statistics where tenant_id = $1 and user_id = any(${mergeGroupOf('$1', '$2::uuid')})
    ) s where u.tenant_id = $1 and u.id = $2 and s.sources > 0`,
};

// Another row can take the address before this row is written, and the later write restores what this row
// keeps.
const RELEASE_EMAIL = {
  name: 'merge_free_address',
  text: 'update users set email_key = null where tenant_id = $1 and id = $2',
};

/** The parties that exist, by id. */
export async function findParties(
  run: RunPrepared,
  { tenantId, ids }: { tenantId: string; ids: readonly string[] },
  seal: ContactSeal,
): Promise<ReadonlyMap<string, MergeParty>> {
  const rows = await run<PartyRow>(READ, [tenantId, ids]);
  return new Map(rows.map((row) => [row.id, partyFromRow(row, seal)]));
}

/**
 * Finds and locks parties. Until the end of the transaction no other transaction changes them or the users
 * that are merged into them.
 */
export async function lockParties(
  run: RunPrepared,
  which: { tenantId: string; ids: readonly string[] },
  seal: ContactSeal,
): Promise<ReadonlyMap<string, MergeParty>> {
  const { tenantId, ids } = which;
  const before = await findParties(run, which, seal);
  const unmerged = [...before.values()].filter(({ mergedInto }) => mergedInto === null).map(({ id }) => id);
  for (const id of unmerged.toSorted()) {
    const locked = await run(LOCK, [tenantId, id]);
    if (locked.length === 0) throw new ConcurrentMergeError();
  }
  if (unmerged.length < ids.length) await run(LOCK_MERGED, [tenantId, ids, unmerged]);
  // A second statement, because its snapshot must be later than the wait for the locks.
  const parties = await findParties(run, which, seal);
  const isLate = [...parties.values()].some(({ id, mergedInto }) => !mergedInto && !unmerged.includes(id));
  if (isLate) throw new ConcurrentMergeError();
  return parties;
}

/**
 * Recomputes a user's ratings and last activity from its merge group. Belongs to the version that was written
 * last.
 */
export async function sumFigures(run: RunPrepared, { tenantId, id }: User): Promise<void> {
  await run(SUM_FIGURES, [tenantId, id]);
}

/** Releases a user's address until the next write of the user. */
export async function releaseEmail(run: RunPrepared, { tenantId, id }: User): Promise<void> {
  await run(RELEASE_EMAIL, [tenantId, id]);
}

/** The state to write for one party. */
interface WrittenParty {
  readonly user: User;
  readonly mergedInto: string | null;
  readonly kind: 'MERGED' | 'UNMERGED';
  readonly touched: TouchedViews;
}

/**
 * Writes all fields of a user as a new version.
 * @throws UserError EMAIL_TAKEN, PROFILE_TOO_LARGE.
 */
export async function writeParty(
  run: RunPrepared,
  { user, mergedInto, kind, touched }: WrittenParty,
  seal: ContactSeal,
): Promise<void> {
  const contact = user.contact ?? { email: '', phone: '' };
  const email = seal.sealEmail(contact.email, user);
  const phone = seal.sealPhone(contact.phone, user);
  const profile = updatedProfile(user.profile ?? {}, {}, user.tags);
  const values = [
    ...[user.tenantId, user.id, new Date(), mergedInto, user.state, user.role, user.firstName, user.lastName],
    ...[user.displayName, user.profileImage, user.businessName, user.averageRating, user.totalReviews],
    ...[email.email_sealed, email.email_key, email.email_base_key, phone.phone_sealed, phone.phone_key],
    ...[JSON.stringify(profile), kind, user.tags ?? [], touched.content, touched.figures],
  ];
  await run(WRITE, values).catch((error: unknown) => {
    throw toUserError(error, user);
  });
}

function partyFromRow(row: PartyRow, seal: ContactSeal): MergeParty {
  return {
    ...userFromRow(row, 'FULL', seal),
    mergedInto: row.merged_into,
    canonicalId: row.canonical_id,
    isErased: row.erase_time !== null,
  };
}
