import { isDeepStrictEqual } from 'node:util';
import { sumRatings, sumStatistics, type UserRatings } from '../statistics.ts';
import type { ProfileJson, User } from '../user.ts';

/** Text fields of a user, by path. */
const TEXTS = {
  first_name: 'firstName',
  last_name: 'lastName',
  display_name: 'displayName',
  profile_image: 'profileImage',
  business_name: 'businessName',
} as const;
const CONTACTS = { email: 'email', phone: 'phone' } as const;

// Taken whole, because half of one address and half of another is a wrong address.
const WHOLES = {
  'profile.birth_date': 'birthDate',
  'profile.address': 'address',
  'profile.loyalty': 'loyalty',
};
// Taken entry by entry, because each entry is a value of its own.
const MAPS = { 'profile.preferences': 'preferences', 'profile.crm_fields': 'crmFields' };
const TAGS = 'profile.tags';
const CONSENTS = 'profile.consents';
const RATINGS = 'ratings';

/** Every path of User that a merge decides separately. */
export const MERGE_PATHS: readonly string[] = [
  ...Object.keys(TEXTS),
  ...Object.keys(CONTACTS),
  'role',
  'state',
  ...Object.keys(WHOLES),
  ...Object.keys(MAPS),
  TAGS,
  CONSENTS,
];

// The bound of tags, consents and CRM fields in the contract.
const MAX_ENTRIES = 100;

/**
 * The values of a user by key: a path, and within lists and maps the name of an entry. Empty values are
 * left out.
 */
type FieldValues = Map<string, unknown>;

/**
 * The fields of a merged user: the survivor's, completed by the loser's, except for the paths taken from the
 * loser.
 */
export function mergedUser(survivor: User, loser: User, takeFromLoser: readonly string[]): User {
  const [mine, theirs] = [fieldValuesOf(survivor), fieldValuesOf(loser)];
  const taken = new Set(
    [...theirs.keys()].map(pathOf).filter((path) => takeFromLoser.some((each) => holds(each, path))),
  );
  const result: FieldValues = new Map([...mine].filter(([key]) => !taken.has(pathOf(key))));
  for (const [key, value] of theirs) if (!result.has(key)) result.set(key, value);
  result.set(RATINGS, sumRatings([ratingsOf(survivor), ratingsOf(loser)]));
  const statistics = [survivor.statistics, loser.statistics].filter((each) => each !== undefined);
  return { ...withFieldValues(survivor, bounded(result)), statistics: sumStatistics(statistics) };
}

/** The user as it was before a merge, with the changes made since. */
export function unmergedUser(current: User, { before, result }: { before: User; result: User }): User {
  const [now, was, made] = [fieldValuesOf(current), fieldValuesOf(before), fieldValuesOf(result)];
  const restored: FieldValues = new Map();
  for (const key of new Set([...was.keys(), ...now.keys()])) {
    const isAsMade = isDeepStrictEqual(now.get(key), made.get(key));
    const value = isAsMade ? was.get(key) : now.get(key);
    if (value !== undefined) restored.set(key, value);
  }
  return withFieldValues(current, restored);
}

function fieldValuesOf(user: User): FieldValues {
  const { contact, profile = {} } = user;
  const wholes = Object.entries(WHOLES).map(([path, key]) => [path, profile[key]] as const);
  const maps = Object.entries(MAPS).flatMap(([path, key]) => entriesOf(path, (profile[key] ?? {}) as object));
  return new Map<string, unknown>(
    [
      ...Object.entries(TEXTS).map(([path, key]) => [path, user[key]] as const),
      ...Object.entries(CONTACTS).map(([path, key]) => [path, contact?.[key]] as const),
      ['role', user.role] as const,
      ['state', user.state] as const,
      ...wholes,
      ...maps,
      ...(user.tags ?? []).map((tag) => [keyOf(TAGS, tag), true] as const),
      ...((profile.consents ?? []) as { purpose: string }[]).map(
        (each) => [keyOf(CONSENTS, each.purpose), each] as const,
      ),
      [RATINGS, ratingsOf(user)] as const,
    ].filter(([, value]) => value !== undefined && value !== ''),
  );
}

function entriesOf(path: string, entries: object): Entry[] {
  return Object.entries(entries).map(([key, value]) => [keyOf(path, key), value] as const);
}

function withFieldValues(user: User, values: FieldValues): User {
  const text = (path: string) => (values.get(path) ?? '') as string;
  const texts = Object.fromEntries(Object.entries(TEXTS).map(([path, key]) => [key, text(path)]));
  const ratings = values.get(RATINGS) as UserRatings;
  return {
    ...user,
    ...(texts as Pick<User, (typeof TEXTS)[keyof typeof TEXTS]>),
    role: values.get('role') as User['role'],
    state: values.get('state') as User['state'],
    ...ratings,
    contact: { email: text('email'), phone: text('phone') },
    profile: profileOf(user.profile ?? {}, values),
    tags: entriesAt(TAGS, values).map(([tag]) => tag),
  };
}

function profileOf(before: ProfileJson, values: FieldValues): ProfileJson {
  const wholes = Object.entries(WHOLES).map(([path, key]) => [key, values.get(path)] as const);
  const maps = Object.entries(MAPS).map(
    ([path, key]) => [key, unlessEmpty(entriesAt(path, values), Object.fromEntries)] as const,
  );
  const consents = unlessEmpty(entriesAt(CONSENTS, values), (entries) => entries.map(([, each]) => each));
  const all = { ...before, ...Object.fromEntries([...wholes, ...maps]), consents };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

type Entry = readonly [string, unknown];

function entriesAt(path: string, values: FieldValues): Entry[] {
  const entries = [...values].filter(([key]) => key !== path && pathOf(key) === path);
  return entries.map(([key, value]) => [key.slice(path.length + 1), value]);
}

function unlessEmpty<T>(entries: Entry[], make: (entries: Entry[]) => T): T | undefined {
  return entries.length > 0 ? make(entries) : undefined;
}

// The survivor's entries come first, so the loser's are cut.
function bounded(values: FieldValues): FieldValues {
  const counts = new Map<string, number>();
  return new Map(
    [...values].filter(([key]) => {
      const path = pathOf(key);
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      return count <= MAX_ENTRIES;
    }),
  );
}

function ratingsOf({ averageRating, totalReviews }: User): UserRatings {
  return { averageRating, totalReviews };
}

// NUL separates them, because it cannot be stored in either.
function keyOf(path: string, entry: string): string {
  return `${path}\0${entry}`;
}

function pathOf(key: string): string {
  return key.split('\0', 1)[0] as string;
}

function holds(mask: string, path: string): boolean {
  return path === mask || path.startsWith(`${mask}.`);
}
