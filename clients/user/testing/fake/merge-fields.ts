import { isDeepStrictEqual } from 'node:util';
import { fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import { sumRatings, sumStatistics, withStatistics } from './model/statistics.ts';

const TEXTS = ['first_name', 'last_name', 'display_name', 'profile_image', 'business_name'];
const FIELDS = [...TEXTS, 'email', 'phone', 'role', 'state'];
// Merged as a whole: parts of two addresses make no address.
const ATOMIC_PARTS = ['birth_date', 'address', 'loyalty'];
// Merged entry by entry.
const MAPS = ['preferences', 'crm_fields'];
const LISTS = ['tags', 'consents'];
const MAX_ENTRIES = 100;

/** All paths of User that a merge decides. */
export const MERGE_PATHS: readonly string[] = [
  ...FIELDS,
  ...[...ATOMIC_PARTS, ...MAPS, ...LISTS].map((part) => `profile.${part}`),
];

/**
 * Values of a user by key: a path, and for an entry of a map or list the path with the name of the entry.
 * Empty values are absent.
 */
type FieldValues = Map<string, JsonValue>;

/** The survivor after a merge. */
export function mergedUser(survivor: User, loser: User, takeFromLoser: readonly string[]): User {
  const [mine, theirs] = [fieldValuesOf(survivor), fieldValuesOf(loser)];
  const isTaken = (path: string) =>
    takeFromLoser.some((each) => path === each || path.startsWith(`${each}.`));
  const taken = new Set([...theirs.keys()].map(pathOf).filter(isTaken));
  const result: FieldValues = new Map([...mine].filter(([key]) => !taken.has(pathOf(key))));
  for (const [key, value] of theirs) if (!result.has(key)) result.set(key, value);
  const statistics = sumStatistics([survivor, loser].flatMap(({ profile }) => profile?.statistics ?? []));
  return withStatistics(
    withFieldValues(survivor, limitEntries(result)),
    statistics,
    sumRatings([survivor, loser]),
  );
}

/** The user as before a merge, with the changes made since. */
export function unmergedUser(current: User, { before, result }: { before: User; result: User }): User {
  const [now, was, made] = [fieldValuesOf(current), fieldValuesOf(before), fieldValuesOf(result)];
  const restored: FieldValues = new Map();
  for (const key of new Set([...was.keys(), ...now.keys()])) {
    const isUnchanged = isDeepStrictEqual(now.get(key), made.get(key));
    const value = isUnchanged ? was.get(key) : now.get(key);
    if (value !== undefined) restored.set(key, value);
  }
  const isRatingUnchanged = isDeepStrictEqual(ratingsOf(current), ratingsOf(result));
  const ratings = ratingsOf(isRatingUnchanged ? before : current);
  return withStatistics(withFieldValues(current, restored), before.profile?.statistics, ratings);
}

/** A user as JSON with proto field names. The display name stays as given. */
export function toProtoJson(user: User): JsonObject & { profile: JsonObject } {
  const json = toJson(UserSchema, user, { useProtoFieldName: true }) as JsonObject;
  return { ...json, profile: (json.profile ?? {}) as JsonObject };
}

function fieldValuesOf(user: User): FieldValues {
  const { profile, ...fields } = toProtoJson(user);
  const maps = MAPS.flatMap((part) =>
    Object.entries((profile[part] ?? {}) as JsonObject).map(entryKeyIn(part)),
  );
  const tags = ((profile.tags ?? []) as string[]).map((tag) => [tag, tag] as const);
  const consents = ((profile.consents ?? []) as { purpose: string }[]).map(
    (each) => [each.purpose, each] as const,
  );
  return new Map(
    [
      ...FIELDS.map((path) => [path, fields[path]] as const),
      ...ATOMIC_PARTS.map((part) => [`profile.${part}`, profile[part]] as const),
      ...maps,
      ...tags.map(entryKeyIn('tags')),
      ...consents.map(entryKeyIn('consents')),
    ].filter((each): each is [string, JsonValue] => each[1] !== undefined),
  );
}

function withFieldValues(user: User, values: FieldValues): User {
  const json: JsonObject = toProtoJson(user);
  const profile = json.profile as JsonObject;
  for (const path of FIELDS) put(json, path, values.get(path));
  for (const part of ATOMIC_PARTS) put(profile, part, values.get(`profile.${part}`));
  for (const part of MAPS) {
    const entries = entriesAt(part, values);
    put(profile, part, entries.length > 0 ? Object.fromEntries(entries) : undefined);
  }
  for (const part of LISTS)
    put(
      profile,
      part,
      entriesAt(part, values).map(([, value]) => value),
    );
  return fromJson(UserSchema, json);
}

function put(json: JsonObject, name: string, value: JsonValue | undefined): void {
  if (value === undefined) delete json[name];
  else json[name] = value;
}

// Values of the survivor come first, so the limit cuts those of the loser.
function limitEntries(values: FieldValues): FieldValues {
  const paths = Map.groupBy(values, ([key]) => pathOf(key));
  return new Map([...paths.values()].flatMap((entries) => entries.slice(0, MAX_ENTRIES)));
}

// NUL separates path and name, because no stored name contains it.
function entryKeyIn(part: string) {
  return ([name, value]: readonly [string, JsonValue]) => [`profile.${part}\0${name}`, value] as const;
}

function entriesAt(part: string, values: FieldValues): [string, JsonValue][] {
  const prefix = `profile.${part}\0`;
  const entries = [...values].filter(([key]) => key.startsWith(prefix));
  return entries.map(([key, value]) => [key.slice(prefix.length), value]);
}

function pathOf(key: string): string {
  return key.split('\0', 1)[0] as string;
}

function ratingsOf({ averageRating, totalReviews }: User) {
  return { averageRating, totalReviews };
}
