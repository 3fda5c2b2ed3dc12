import { seededRandom } from '../sample/sample-users.ts';
import { ORIGINS, pickCommonFirst } from './names.ts';

/** A made-up user. Equal numbers give equal users. */
export interface SeedUser {
  readonly id: string;
  readonly state: 'ACTIVE' | 'SUSPENDED' | 'DELETED';
  readonly role: 'CUSTOMER' | 'VENDOR' | 'ADMIN';
  readonly firstName: string;
  readonly lastName: string;
  readonly displayName: string;
  readonly businessName: string;
  readonly email: string;
  readonly phone: string;
  readonly averageRating: number;
  readonly totalReviews: number;
  readonly createTime: Date;
  readonly updateTime: Date;
  readonly deleteTime: Date | null;
  /** Absent: has none. */
  readonly profile?: object;
  readonly tags: readonly string[];
  /** Null without any activity. */
  readonly lastActivityTime: Date | null;
  readonly totalBookings: number;
}

const BEGIN_MS = Date.UTC(2026, 0, 5, 8);
// One user every 2 s, so that the largest number of them still has times in the past.
const STEP_MS = 2_000;
const TRADES = ['Travel', 'Tours', 'Guest House', 'Catering', 'Transfers', 'Sons', 'Hotels'] as const;
const TAGS = ['early-bird', 'regular', 'wheelchair', 'vegetarian', 'quiet-room', 'business'] as const;

/** Returns the n-th user, counted from 1. */
export function seedUser(n: number): SeedUser {
  const random = seededRandom((n * 2_654_435_761) | 1);
  for (let i = 0; i < 3; i++) random.below(2);
  const origin = random.pick(ORIGINS);
  const firstName = pickCommonFirst(random, origin.firstNames);
  const lastName = pickCommonFirst(random, origin.lastNames);
  const role = n % 1000 === 0 ? 'ADMIN' : n % 20 === 7 ? 'VENDOR' : 'CUSTOMER';
  const state = n % 100 === 33 ? 'DELETED' : n % 50 === 11 ? 'SUSPENDED' : 'ACTIVE';
  const createTime = new Date(BEGIN_MS + n * STEP_MS);
  const updateTime = new Date(createTime.getTime() + random.below(30) * 86_400_000);
  const { languageCode, regionCode } = origin;
  const birthDate = `${1945 + random.below(60)}-0${1 + random.below(9)}-1${random.below(10)}`;
  return {
    id: seedUserId(n, createTime.getTime()),
    state,
    role,
    firstName,
    lastName,
    displayName: random.below(10) === 0 ? `${firstName} ${lastName.charAt(0)}.` : '',
    businessName: role === 'VENDOR' ? `${lastName} ${random.pick(TRADES)}` : '',
    email: emailOf(firstName, lastName, n),
    // An unassigned country code: Ofcom's numbers for drama are too few.
    phone: `+999 ${String(n).padStart(9, '0')}`,
    averageRating: role === 'VENDOR' ? 3 + random.below(20) / 10 : 0,
    totalReviews: role === 'VENDOR' ? 1 + random.below(300) : 0,
    createTime,
    updateTime,
    deleteTime: state === 'DELETED' ? updateTime : null,
    ...(n % 4 === 0 && {
      profile: { birthDate, address: { regionCode }, preferences: { languageCode } },
    }),
    tags: random.below(3) === 0 ? [random.pick(TAGS)] : [],
    lastActivityTime: n % 10 === 4 ? updateTime : null,
    totalBookings: n % 10 === 4 ? 1 + random.below(9) : 0,
  };
}

/** Returns the id of the n-th user: a UUID of version 7, so that ids sort by time. */
export function seedUserId(n: number, timeMs = BEGIN_MS + n * STEP_MS): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

// The example domains of RFC 2606; the number keeps namesakes apart. Names in other letters stay out of
// addresses.
function emailOf(firstName: string, lastName: string, n: number): string {
  const plain = `${firstName}.${lastName}`
    .normalize('NFD')
    .replace(/[^A-Za-z.]/g, '')
    .replace(/^\.+|\.+$/g, '')
    .toLowerCase();
  return `${plain ? `${plain}.` : 'guest.'}${n}@example.${['com', 'org', 'net'][n % 3]}`;
}
