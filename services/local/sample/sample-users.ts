import { UserRole } from '@rollcall/contract/user';
import { CULTURES, type Culture } from './cultures.ts';

/** The tenant that all sample data belongs to. */
export const SAMPLE_TENANT = 'demo';
/** How many users the sample has. */
export const SAMPLE_USERS = 200;

const SEED = 20_260_105;
const FIRST_ID_TIME = Date.UTC(2026, 0, 5, 8);
const MINUTE_MS = 60_000;
const VENDOR_EVERY = 12;
const ADMIN_EVERY = 50;
const TAGS = ['early-bird', 'regular', 'wheelchair', 'vegetarian', 'quiet-room', 'business'] as const;

/** A request that makes one of the sample's users. */
export type SampleUser = ReturnType<typeof sampleUsers>[number];

/** Returns the requests that create the users. Equal in every run. */
export function sampleUsers() {
  const random = seededRandom(SEED);
  return Array.from({ length: SAMPLE_USERS }, (_, index) => {
    const timeMs = FIRST_ID_TIME + index * MINUTE_MS;
    const userId = uuidV7(random, timeMs);
    const requestId = uuidV7(random, timeMs);
    return { tenantId: SAMPLE_TENANT, userId, requestId, user: sampleUser(random, index) };
  });
}

function sampleUser(random: Random, index: number) {
  const culture = random.pick(CULTURES);
  const firstName = random.pick(culture.firstNames);
  const lastName = random.pick(culture.lastNames);
  const role = roleOf(index);
  return {
    firstName,
    lastName,
    role,
    email: emailOf(`${firstName}.${lastName}`, index),
    phone: phoneOf(index),
    businessName: role === UserRole.VENDOR ? `${lastName} & ${random.pick(culture.lastNames)}` : '',
    profile: sampleProfile(random, culture),
  };
}

function sampleProfile(random: Random, culture: Culture) {
  const { languageCode, timeZone, currencyCode, regionCode } = culture;
  const month = String(1 + random.below(12)).padStart(2, '0');
  const day = String(1 + random.below(28)).padStart(2, '0');
  return {
    birthDate: `${1950 + random.below(55)}-${month}-${day}`,
    address: { locality: random.pick(culture.localities), regionCode },
    preferences: { languageCode, timeZone, currencyCode },
    tags: random.below(3) === 0 ? [random.pick(TAGS)] : [],
  };
}

function roleOf(index: number): UserRole {
  if (index % ADMIN_EVERY === ADMIN_EVERY - 1) return UserRole.ADMIN;
  return index % VENDOR_EVERY === VENDOR_EVERY - 1 ? UserRole.VENDOR : UserRole.CUSTOMER;
}

/** The three example domains of RFC 2606; the number keeps namesakes apart. */
function emailOf(name: string, index: number): string {
  const domain = ['example.com', 'example.org', 'example.net'][index % 3];
  const plain = name
    .toLowerCase()
    .replaceAll('ł', 'l')
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/[^a-z.]/g, '');
  return `${plain}.${index + 1}@${domain}`;
}

/** Numbers that Ofcom reserves for drama. */
function phoneOf(index: number): string {
  return `+44 7700 ${900_000 + index}`;
}

/** Numbers that look random and are the same in every run that begins with the same seed. */
export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** One of the items. Throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** This many lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/**
 * A xorshift generator (Marsaglia 2003, triple 13, 17, 5): good enough to shuffle sample data, useless for
 * secrets.
 * @param seed any whole number but 0
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (bound: number) => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  };
}

/**
 * An id in the form of UUID version 7: the time first, so that ids sort by it.
 * @param timeMs since 1970
 */
export function uuidV7(random: Random, timeMs: number): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const variant = '89ab'.charAt(random.below(4));
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.hex(3)}-${variant}${random.hex(3)}-${random.hex(12)}`;
}
