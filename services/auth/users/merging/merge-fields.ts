import { isDeepStrictEqual } from 'node:util';
import { sumRatings, sumStatistics, type UserRatings } from '../statistics.ts';
import type { ProfileJson, User } from '../user.ts';

/** Path of User to the name of a text. */
const TEXTS = {
  first_name: 'firstName',
  last_name: 'lastName',
  display_name: 'displayName',
  profile_image: 'profileImage',
  business_name: 'businessName',
} as const;
const CONTACTS = { email: 'email', phone: 'phone' } as const;

// Taken whole: half of one address and half of another is nobody's.
const WHOLES = {
  'profile.birth_date': 'birthDate',
  'profile.address': 'address',
  'profile.loyalty': 'loyalty',
};
// Each entry is a value by itself: what only one user has is the only one there is.
const MAPS = { 'profile.preferences': 'preferences', 'profile.crm_fields': 'crmFields' };
const TAGS = 'profile.tags';
const CONSENTS = 'profile.consents';
const RATINGS = 'ratings';

/** Every path of User that a merge decides by itself. */
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

// The contract's own bound of tags, consents and fields of a customer relationship system.
const MAX_ENTRIES = 100;

/** What is known of a user, by place; a place is a path, and within lists and maps the entry's own name. What is empty is not there. */
type Places = Map<string, unknown>;

/** The fields of users in full that a merge of them results in, in place of the survivor's. */
export function mergedUser(survivor: User, loser: User, takeFromLoser: readonly string[]): User {
  const [mine, theirs] = [placesOf(survivor), placesOf(loser)];
  const taken = new Set(
    [...theirs.keys()].map(pathOf).filter((path) => takeFromLoser.some((each) => holds(each, path))),
  );
  const result: Places = new Map([...mine].filter(([place]) => !taken.has(pathOf(place))));
  for (const [place, value] of theirs) if (!result.has(place)) result.set(place, value);
  result.set(RATINGS, sumRatings([ratingsOf(survivor), ratingsOf(loser)]));
  const told = [survivor.statistics, loser.statistics].filter((each) => each !== undefined);
  return { ...withPlaces(survivor, bounded(result)), statistics: sumStatistics(told) };
}

/** The user as it was before a merge, but for what changed since: that stays. */
export function unmergedUser(current: User, { before, result }: { before: User; result: User }): User {
  const [now, was, made] = [placesOf(current), placesOf(before), placesOf(result)];
  const restored: Places = new Map();
  for (const place of new Set([...was.keys(), ...now.keys()])) {
    const isAsMade = isDeepStrictEqual(now.get(place), made.get(place));
    const value = isAsMade ? was.get(place) : now.get(place);
    if (value !== undefined) restored.set(place, value);
  }
  return withPlaces(current, restored);
}

function placesOf(user: User): Places {
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
      ...(user.tags ?? []).map((tag) => [placeOf(TAGS, tag), true] as const),
      ...((profile.consents ?? []) as Consent[]).map(
        (each) => [placeOf(CONSENTS, each.purpose), each] as const,
      ),
      [RATINGS, ratingsOf(user)] as const,
    ].filter(([, value]) => value !== undefined && value !== ''),
  );
}

interface Consent {
  readonly purpose: string;
}

function entriesOf(path: string, entries: object): Entry[] {
  return Object.entries(entries).map(([key, value]) => [placeOf(path, key), value] as const);
}

function withPlaces(user: User, places: Places): User {
  const text = (path: string) => (places.get(path) ?? '') as string;
  const texts = Object.fromEntries(Object.entries(TEXTS).map(([path, key]) => [key, text(path)]));
  const ratings = places.get(RATINGS) as UserRatings;
  return {
    ...user,
    ...(texts as Pick<User, (typeof TEXTS)[keyof typeof TEXTS]>),
    role: places.get('role') as User['role'],
    state: places.get('state') as User['state'],
    ...ratings,
    contact: { email: text('email'), phone: text('phone') },
    profile: profileOf(user.profile ?? {}, places),
    tags: entriesAt(TAGS, places).map(([tag]) => tag),
  };
}

function profileOf(before: ProfileJson, places: Places): ProfileJson {
  const wholes = Object.entries(WHOLES).map(([path, key]) => [key, places.get(path)] as const);
  const maps = Object.entries(MAPS).map(
    ([path, key]) => [key, unlessEmpty(entriesAt(path, places), Object.fromEntries)] as const,
  );
  const consents = unlessEmpty(entriesAt(CONSENTS, places), (entries) => entries.map(([, each]) => each));
  const all = { ...before, ...Object.fromEntries([...wholes, ...maps]), consents };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

type Entry = readonly [string, unknown];

function entriesAt(path: string, places: Places): Entry[] {
  const entries = [...places].filter(([place]) => place !== path && pathOf(place) === path);
  return entries.map(([place, value]) => [place.slice(path.length + 1), value]);
}

function unlessEmpty<T>(entries: Entry[], make: (entries: Entry[]) => T): T | undefined {
  return entries.length > 0 ? make(entries) : undefined;
}

// The survivor's come first, so what is beyond the bound is the loser's.
function bounded(places: Places): Places {
  const counts = new Map<string, number>();
  return new Map(
    [...places].filter(([place]) => {
      const path = pathOf(place);
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      return count <= MAX_ENTRIES;
    }),
  );
}

function ratingsOf({ averageRating, totalReviews }: User): UserRatings {
  return { averageRating, totalReviews };
}

// No name of an entry can be mistaken for a path: what cannot be stored stands between.
function placeOf(path: string, entry: string): string {
  return `${path}\0${entry}`;
}

function pathOf(place: string): string {
  return place.split('\0', 1)[0] as string;
}

function holds(mask: string, path: string): boolean {
  return path === mask || path.startsWith(`${mask}.`);
}
