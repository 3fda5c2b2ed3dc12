import { isDeepStrictEqual } from 'node:util';
import { fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import { sumRatings, sumStatistics, withStatistics } from './model/statistics.ts';

const TEXTS = ['first_name', 'last_name', 'display_name', 'profile_image', 'business_name'];
const FIELDS = [...TEXTS, 'email', 'phone', 'role', 'state'];
// Taken whole: half of one address and half of another is nobody's.
const WHOLES = ['birth_date', 'address', 'loyalty'];
// What only one user has is the only one there is, entry by entry.
const MAPS = ['preferences', 'crm_fields'];
const LISTS = ['tags', 'consents'];
const MAX_ENTRIES = 100;

/** Every path of User that a merge decides by itself. */
export const MERGE_PATHS: readonly string[] = [
  ...FIELDS,
  ...[...WHOLES, ...MAPS, ...LISTS].map((part) => `profile.${part}`),
];

/** What is known of a user, by place: a path, and within maps and lists the entry's own name. What is empty is not there. */
type Places = Map<string, JsonValue>;

/** The survivor with the fields that a merge of the two results in. */
export function mergedUser(survivor: User, loser: User, takeFromLoser: readonly string[]): User {
  const [mine, theirs] = [placesOf(survivor), placesOf(loser)];
  const isTaken = (path: string) =>
    takeFromLoser.some((each) => path === each || path.startsWith(`${each}.`));
  const taken = new Set([...theirs.keys()].map(pathOf).filter(isTaken));
  const result: Places = new Map([...mine].filter(([place]) => !taken.has(pathOf(place))));
  for (const [place, value] of theirs) if (!result.has(place)) result.set(place, value);
  const statistics = sumStatistics([survivor, loser].flatMap(({ profile }) => profile?.statistics ?? []));
  return withStatistics(withPlaces(survivor, bounded(result)), statistics, sumRatings([survivor, loser]));
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
  const isRatedAsMade = isDeepStrictEqual(ratingsOf(current), ratingsOf(result));
  const ratings = ratingsOf(isRatedAsMade ? before : current);
  return withStatistics(withPlaces(current, restored), before.profile?.statistics, ratings);
}

/** A user as JSON by the names of the contract, display name as it was given. */
export function toProtoJson(user: User): JsonObject & { profile: JsonObject } {
  const json = toJson(UserSchema, user, { useProtoFieldName: true }) as JsonObject;
  return { ...json, profile: (json.profile ?? {}) as JsonObject };
}

function placesOf(user: User): Places {
  const { profile, ...fields } = toProtoJson(user);
  const maps = MAPS.flatMap((part) => Object.entries((profile[part] ?? {}) as JsonObject).map(inside(part)));
  const tags = ((profile.tags ?? []) as string[]).map((tag) => [tag, tag] as const);
  const consents = ((profile.consents ?? []) as { purpose: string }[]).map(
    (each) => [each.purpose, each] as const,
  );
  return new Map(
    [
      ...FIELDS.map((path) => [path, fields[path]] as const),
      ...WHOLES.map((part) => [`profile.${part}`, profile[part]] as const),
      ...maps,
      ...tags.map(inside('tags')),
      ...consents.map(inside('consents')),
    ].filter((each): each is [string, JsonValue] => each[1] !== undefined),
  );
}

function withPlaces(user: User, places: Places): User {
  const json: JsonObject = toProtoJson(user);
  const profile = json.profile as JsonObject;
  for (const path of FIELDS) put(json, path, places.get(path));
  for (const part of WHOLES) put(profile, part, places.get(`profile.${part}`));
  for (const part of MAPS) {
    const entries = entriesAt(part, places);
    put(profile, part, entries.length > 0 ? Object.fromEntries(entries) : undefined);
  }
  for (const part of LISTS)
    put(
      profile,
      part,
      entriesAt(part, places).map(([, value]) => value),
    );
  return fromJson(UserSchema, json);
}

function put(json: JsonObject, name: string, value: JsonValue | undefined): void {
  if (value === undefined) delete json[name];
  else json[name] = value;
}

// The survivor's come first, so what is beyond the bound is the loser's.
function bounded(places: Places): Places {
  const paths = Map.groupBy(places, ([place]) => pathOf(place));
  return new Map([...paths.values()].flatMap((entries) => entries.slice(0, MAX_ENTRIES)));
}

// No name of an entry can be mistaken for a path: what cannot be stored stands between.
function inside(part: string) {
  return ([name, value]: readonly [string, JsonValue]) => [`profile.${part}\0${name}`, value] as const;
}

function entriesAt(part: string, places: Places): [string, JsonValue][] {
  const prefix = `profile.${part}\0`;
  const entries = [...places].filter(([place]) => place.startsWith(prefix));
  return entries.map(([place, value]) => [place.slice(prefix.length), value]);
}

function pathOf(place: string): string {
  return place.split('\0', 1)[0] as string;
}

function ratingsOf({ averageRating, totalReviews }: User) {
  return { averageRating, totalReviews };
}
