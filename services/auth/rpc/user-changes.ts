import { type JsonObject, toJson } from '@bufbuild/protobuf';
import { isCalendarDate, isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank, trimText } from '@rollcall/contract/text';
import {
  type Profile,
  ProfileSchema,
  UserRole as RoleMessage,
  UserState as StateMessage,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { invalidField, requireStorable, requireVisible, SHOWS_NOTHING } from '@rollcall/runtime/rpc';
import type { ProfileJson, UserChanges, UserRole } from '../users/user.ts';
import { requireTimestamp } from './request-fields.ts';

const TEXTS = {
  first_name: 'firstName',
  last_name: 'lastName',
  display_name: 'displayName',
  profile_image: 'profileImage',
  business_name: 'businessName',
  email: 'email',
  phone: 'phone',
} as const;

// By JSON name, as they are stored. Tags are stored separately; statistics are output only.
const PROFILE_PARTS = {
  birth_date: 'birthDate',
  address: 'address',
  preferences: 'preferences',
  consents: 'consents',
  loyalty: 'loyalty',
  crm_fields: 'crmFields',
} as const;

const ROLES: Readonly<Record<RoleMessage, UserRole | undefined>> = {
  [RoleMessage.UNSPECIFIED]: undefined,
  [RoleMessage.CUSTOMER]: 'CUSTOMER',
  [RoleMessage.VENDOR]: 'VENDOR',
  [RoleMessage.ADMIN]: 'ADMIN',
};

/** Every path that an update mask may name. */
export const UPDATE_PATHS: readonly string[] = [
  ...Object.keys(TEXTS),
  'role',
  'state',
  'profile',
  'profile.tags',
  ...Object.keys(PROFILE_PARTS).map((part) => `profile.${part}`),
];

/** The changes of CreateUser: every given field. */
export function changesFromNew(user: UserMessage): UserChanges {
  const role = ROLES[user.role];
  return {
    ...textsOf(user),
    ...(role && { role }),
    profile: profileOf(user),
    tags: user.profile?.tags ?? [],
  };
}

/**
 * The changes of UpdateUser: the fields that the mask names, given or empty.
 * @throws RpcError FIELD_INVALID for a path that cannot be written.
 */
export function changesFromMask(user: UserMessage, paths: readonly string[]): UserChanges {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const unknown = paths.filter((path) => !UPDATE_PATHS.includes(path));
  if (unknown.length > 0) {
    throw invalidField(
      'update_mask',
      `cannot write ${unknown.slice(0, 5).join(', ').slice(0, 200)}; can write ${UPDATE_PATHS.join(', ')}`,
    );
  }
  const texts = textsOf(user);
  const chosen = Object.entries(TEXTS).filter(([path]) => paths.includes(path));
  return {
    ...Object.fromEntries(chosen.map(([, key]) => [key, texts[key]])),
    ...(paths.includes('role') && { role: requireRole(user) }),
    ...(paths.includes('state') && { state: requireState(user) }),
    ...profileChanges(user, paths),
  };
}

function textsOf(user: UserMessage) {
  for (const [field, key] of Object.entries(TEXTS)) {
    requireStorable(`user.${field}`, user[key]);
  }
  return Object.fromEntries(Object.values(TEXTS).map((key) => [key, trimText(user[key])])) as Record<
    (typeof TEXTS)[keyof typeof TEXTS],
    string
  >;
}

function profileOf(user: UserMessage): ProfileJson {
  if (!user.profile) return {};
  if (!user.profile.tags.every(isStorable)) throw invalidField('user.profile', UNSTORABLE);
  if (user.profile.tags.some(isBlank)) throw invalidField('user.profile.tags', SHOWS_NOTHING);
  const written = toProfileJson(user.profile);
  JSON.stringify(written, (key, value) => {
    const texts = typeof value === 'string' ? [key, value] : [key];
    if (!texts.every(isStorable)) throw invalidField('user.profile', UNSTORABLE);
    return value;
  });
  return written;
}

function toProfileJson(profile: Profile): JsonObject {
  if (profile.birthDate && !isCalendarDate(profile.birthDate)) {
    throw invalidField('user.profile.birth_date', 'must be a date of the calendar');
  }
  for (const [i, { purpose, answerTime }] of profile.consents.entries()) {
    requireVisible(`user.profile.consents[${i}].purpose`, purpose);
    if (answerTime) requireTimestamp(`user.profile.consents[${i}].answer_time`, answerTime);
  }
  // Output-only fields are ignored.
  return toJson(ProfileSchema, { ...profile, tags: [], statistics: undefined }) as JsonObject;
}

function profileChanges(user: UserMessage, paths: readonly string[]): Pick<UserChanges, 'profile' | 'tags'> {
  const isNamed = (part: string) => paths.includes('profile') || paths.includes(`profile.${part}`);
  const parts = Object.entries(PROFILE_PARTS).filter(([part]) => isNamed(part));
  if (parts.length === 0 && !isNamed('tags')) return {};
  const given = profileOf(user);
  return {
    ...(parts.length > 0 && {
      profile: Object.fromEntries(parts.map(([, key]) => [key, given[key] ?? null])),
    }),
    ...(isNamed('tags') && { tags: user.profile?.tags ?? [] }),
  };
}

function requireRole(user: UserMessage): UserRole {
  const role = ROLES[user.role];
  if (!role) throw invalidField('user.role', 'must be given where update_mask names it');
  return role;
}

function requireState(user: UserMessage): 'ACTIVE' | 'SUSPENDED' {
  if (user.state === StateMessage.ACTIVE) return 'ACTIVE';
  if (user.state === StateMessage.SUSPENDED) return 'SUSPENDED';
  throw invalidField('user.state', 'can be set to ACTIVE or SUSPENDED; DeleteUser deletes');
}
