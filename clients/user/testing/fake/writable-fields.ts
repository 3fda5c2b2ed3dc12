import { create, type DescMessage, toJson, toJsonString } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { isCalendarDate, isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank, trimText } from '@rollcall/contract/text';
import {
  type Profile,
  ProfileSchema,
  type User,
  UserRole,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import { invalidField, refusal } from './model/refusal.ts';
import { requireTimestamp } from './model/timestamps.ts';

const TEXTS = ['first_name', 'last_name', 'display_name', 'profile_image', 'business_name', 'email', 'phone'];
// Statistics are reported by services.
const PARTS = ['birth_date', 'address', 'preferences', 'consents', 'tags', 'loyalty', 'crm_fields'];
const PATHS = [...TEXTS, 'role', 'state', 'profile', ...PARTS.map((part) => `profile.${part}`)];
const MAX_PROFILE_BYTES = 64 * 1024;
const BLANK = 'must have a character that can be seen';

/** Copies all fields of a new user that a caller may set. */
export function copyNewFields(given: User, to: User): void {
  const role = given.role === UserRole.UNSPECIFIED ? [] : ['role'];
  copyFields(given, to, [...TEXTS, 'profile', ...role]);
}

/**
 * Checks the paths of an update mask.
 * @throws ConnectError FIELD_INVALID
 */
export function requirePaths(given: User, paths: readonly string[]): void {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const unknown = paths.filter((path) => !PATHS.includes(path));
  if (unknown.length > 0)
    throw invalidField('update_mask', `cannot write ${unknown.join(', ')}; can write ${PATHS.join(', ')}`);
  if (paths.includes('role') && given.role === UserRole.UNSPECIFIED)
    throw invalidField('user.role', 'must be given where update_mask names it');
  if (paths.includes('state') && given.state !== UserState.ACTIVE && given.state !== UserState.SUSPENDED)
    throw invalidField('user.state', 'can be set to ACTIVE or SUSPENDED; DeleteUser deletes');
}

/**
 * Checks that all texts of a user can be stored.
 * @throws ConnectError FIELD_INVALID
 */
export function requireStorable(given: User): void {
  for (const path of TEXTS) {
    if (!isStorable(String(get(UserSchema, given, path)))) throw invalidField(`user.${path}`, UNSTORABLE);
  }
  if (given.profile === undefined) return;
  requireProfileTimes(given.profile);
  if (given.profile.tags.some(isBlank)) throw invalidField('user.profile.tags', BLANK);
  for (const [i, { purpose }] of given.profile.consents.entries())
    requireVisibleText(`user.profile.consents[${i}].purpose`, purpose);
  JSON.stringify(toJson(ProfileSchema, given.profile), (key, value) => {
    if (!isStorable(key) || (typeof value === 'string' && !isStorable(value)))
      throw invalidField('user.profile', UNSTORABLE);
    return value;
  });
}

/** Copies the fields of the paths, empty ones included. */
export function copyFields(given: User, to: User, paths: readonly string[]): void {
  for (const path of paths.filter((each) => TEXTS.includes(each) || each === 'role' || each === 'state')) {
    const value = get(UserSchema, given, path);
    set(to, localName(UserSchema, path), typeof value === 'string' ? trimText(value) : value);
  }
  const parts = PARTS.filter((part) => paths.includes('profile') || paths.includes(`profile.${part}`));
  if (parts.length === 0) return;
  const from: Profile = given.profile ?? create(ProfileSchema);
  to.profile ??= create(ProfileSchema);
  for (const part of parts) set(to.profile, localName(ProfileSchema, part), get(ProfileSchema, from, part));
}

/**
 * Checks the size of a profile.
 * @throws ConnectError PROFILE_TOO_LARGE
 */
export function requireSize({ profile }: User): void {
  const bytes = profile ? Buffer.byteLength(toJsonString(ProfileSchema, profile)) : 0;
  if (bytes <= MAX_PROFILE_BYTES) return;
  const message = `The profile would take ${bytes} bytes as JSON, and may take ${MAX_PROFILE_BYTES}.`;
  throw refusal(Code.InvalidArgument, 'PROFILE_TOO_LARGE', message);
}

function requireProfileTimes({ birthDate, consents }: Profile): void {
  if (birthDate && !isCalendarDate(birthDate))
    throw invalidField('user.profile.birth_date', 'must be a date of the calendar');
  for (const [i, { answerTime }] of consents.entries()) {
    if (answerTime) requireTimestamp(`user.profile.consents[${i}].answer_time`, answerTime);
  }
}

/**
 * Checks that a text can be stored.
 * @throws ConnectError FIELD_INVALID
 */
export function requireStorableText(field: string, text: string): void {
  if (!isStorable(text)) throw invalidField(field, UNSTORABLE);
}

/**
 * Checks that a text can be stored and is not blank.
 * @throws ConnectError FIELD_INVALID
 */
export function requireVisibleText(field: string, text: string): void {
  requireStorableText(field, text);
  if (isBlank(text)) throw invalidField(field, BLANK);
}

function get(schema: DescMessage, message: object, path: string): unknown {
  return (message as Record<string, unknown>)[localName(schema, path)];
}

function set(message: object, name: string, value: unknown): void {
  if (value === undefined) delete (message as Record<string, unknown>)[name];
  else (message as Record<string, unknown>)[name] = value;
}

function localName(schema: DescMessage, path: string): string {
  const field = schema.fields.find(({ name }) => name === path);
  if (field === undefined) throw new TypeError(`${schema.typeName} has no field ${path}`);
  return field.localName;
}
