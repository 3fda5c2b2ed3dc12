import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { User, UserChanges } from '../../users/user.ts';
import { ALL_TOUCHED } from '../../users/user-change.ts';
import type { UserCreation } from '../../users/user-writes.ts';
import { fixedChangeInsert } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { updatedProfile } from '../rows/stored-profile.ts';
import { reserveEmail, toUserError } from '../rows/uniqueness.ts';
import { createUserTransaction } from './user-transaction.ts';

const INSERT = {
  name: 'user_insert',
  text: `with changed as (
      insert into users (tenant_id, id, state, role, first_name, last_name, display_name, profile_image, business_name,
        create_time, update_time, email_sealed, email_key, phone_sealed, phone_key, email_base_key)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $17)
      returning tenant_id, id, version, update_time
    ), kept as (
      insert into user_profiles (tenant_id, user_id, profile)
      select tenant_id, id, $15::jsonb from changed where $15::jsonb is not null
    ), tagged as (
      insert into user_tags (tenant_id, user_id, tag, position)
      select tenant_id, id, t.tag, t.position from changed, unnest($16::text[]) with ordinality as t (tag, position)
    )
    ${fixedChangeInsert('CREATED', ALL_TOUCHED)}`,
};

/** The transaction that creates a user. */
export function createUserCreation(run: RunPrepared, seal: ContactSeal): UserCreation {
  return {
    ...createUserTransaction(run, seal),
    async insert(tenantId, id, user) {
      await reserveEmail(run, user.email ?? '', { seal, owner: { tenantId, id } });
      const made = newUser(tenantId, id, user);
      const sealed = {
        ...seal.sealEmail(made.contact.email, made),
        ...seal.sealPhone(made.contact.phone, made),
      };
      const hasProfile = Object.keys(made.profile).length > 0;
      const values = [
        ...[tenantId, id, made.state, made.role, made.firstName, made.lastName, made.displayName],
        ...[made.profileImage, made.businessName, made.createTime],
        ...[sealed.email_sealed, sealed.email_key, sealed.phone_sealed, sealed.phone_key],
        hasProfile ? JSON.stringify(made.profile) : null,
        made.tags,
        sealed.email_base_key,
      ];
      await run(INSERT, values).catch((error: unknown) => {
        throw toUserError(error, { tenantId, id });
      });
      return made;
    },
  };
}

function newUser(
  tenantId: string,
  id: string,
  { profile, tags = [], email = '', phone = '', ...columns }: UserChanges,
) {
  const now = new Date();
  return {
    ...EMPTY,
    ...columns,
    tenantId,
    id,
    createTime: now,
    updateTime: now,
    contact: { email, phone },
    profile: updatedProfile({}, profile, tags),
    tags,
  } satisfies User;
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
  deleteTime: null,
} as const;
