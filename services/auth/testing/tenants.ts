import { createClient } from '@connectrpc/connect';
import { type User, UserService, UserView } from '@rollcall/contract/user';
import { type AuthWithMail, registerUser } from './mailbox.ts';

// Two tenants that are as alike as the contract allows, and whose own texts and numbers all differ.

const idOf = (n: number) => `019c0000-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`;
const requestOf = (kind: number, n: number) => `5a5a5a5a-0000-4000-8${kind}00-0000000000${10 + n}`;

/** Ids of users that exist in both tenants and stay. The last one was merged into the one before. */
export const IDS = [0, 1, 2, 3, 4, 5].map(idOf);
/** Ids of users in both tenants that may be merged, deleted and erased. */
export const EXPENDABLE_IDS = [6, 7, 8, 9, 10, 11].map(idOf);
/** Ids of users that were erased in both tenants. */
export const ERASED_IDS = [20, 21].map(idOf);
/** Request ids that both tenants have used, for creations and for notes. */
export const REQUEST_IDS = [requestOf(1, 0), requestOf(1, 1), requestOf(2, 0), requestOf(3, 0)];

// The last two that stay, and the last two of the expendable.
const MERGES = [
  { survivorId: idOf(4), loserId: idOf(5) },
  { survivorId: idOf(10), loserId: idOf(11) },
];

const MONTH_S = 30 * 86_400;

/** The marks of a tenant's data. */
export interface Mark {
  /** Part of every text of the tenant. Lower-case letters. */
  readonly word: string;
  readonly phone: string;
  readonly birthDate: string;
  readonly currencyCode: string;
  /** Points, money and times (in seconds) begin here. */
  readonly number: number;
}

/** A tenant with users, records and sign-ins. */
export type FilledTenant = Awaited<ReturnType<typeof fillTenant>>;

/** Fills a tenant, and keeps the ids and tokens that another tenant might try. */
export async function fillTenant(auth: AuthWithMail, mark: Mark) {
  const tenantId = `${mark.word}-tenant`;
  const users = createClient(UserService, auth.transport);
  const secrets = new Set<string>();
  const say = (what: string) => {
    secrets.add(mark.word + what);
    return mark.word + what;
  };
  const cursor = await cursorOf(users, tenantId);
  const made: User[] = [];
  for (const [n, userId] of [...IDS, ...EXPENDABLE_IDS, ''].entries()) {
    const requestId = requestOf(1, n);
    const user = describeUser(say, mark, n);
    const created = await auth.admin.createUser({ tenantId, requestId, userId, user });
    made.push(created.user as User);
  }
  const randomId = made.at(-1)?.id ?? '';
  const noteIds: string[] = [];
  const recorded = [...IDS.slice(0, 2), randomId, ...EXPENDABLE_IDS.slice(0, 3)];
  for (const [n, id] of recorded.entries())
    noteIds.push(await addRecords(auth, { say, mark, tenantId, id, n }));
  const mergeIds: string[] = [];
  for (const [n, plan] of MERGES.entries())
    mergeIds.push((await auth.admin.mergeUsers({ tenantId, requestId: requestOf(4, n), plan })).mergeId);
  for (const userId of ERASED_IDS) {
    await auth.admin.createUser({ tenantId, userId, user: { firstName: 'Gone' } });
    await auth.admin.eraseUser({ tenantId, id: userId });
    const report = { tenantId, id: userId, consumer: 'booking', remaining: say('remaining') };
    await auth.admin.reportErasure(report);
  }
  const signIns = await addSignIns(auth, { say, tenantId, password: say(' horse battery') });
  const emails = made.flatMap(({ email }) => (email.includes(mark.word) ? [email] : []));
  const { user } = await users.getUser({ tenantId, id: idOf(0), view: UserView.FULL });
  return {
    tenantId,
    mark,
    secrets,
    cursor,
    randomId,
    noteIds,
    mergeIds,
    emails,
    etag: user?.etag ?? '',
    ...signIns,
  };
}

type Users = ReturnType<typeof createClient<typeof UserService>>;

async function cursorOf(users: Users, tenantId: string): Promise<string> {
  for await (const { checkpoint } of users.watchUsers({ tenantIds: [tenantId] }, { timeoutMs: 10_000 }))
    if (checkpoint) return checkpoint.cursor;
  throw new Error('the watch ended without a checkpoint');
}

type Say = (what: string) => string;

function describeUser(say: Say, mark: Mark, n: number) {
  const name = String.fromCharCode(97 + n).repeat(3);
  return {
    firstName: say(`first${name}`),
    lastName: say('last'),
    displayName: `Shared ${say(`display${name}`)}`,
    businessName: `Harbour ${say('business')}`,
    profileImage: `https://images.example.com/${say('image')}.png`,
    email: n % 2 === 0 ? `shared${n}@example.com` : `${say(`mail${n}`)}@example.com`,
    phone: n % 3 === 0 ? '+351 21 555 0000' : mark.phone,
    profile: {
      birthDate: mark.birthDate,
      address: {
        lines: [say('line')],
        locality: say('locality'),
        administrativeArea: say('area'),
        postalCode: say('post').slice(0, 20),
      },
      preferences: {
        languageCode: say('language').slice(0, 35),
        timeZone: say('zone'),
        currencyCode: mark.currencyCode,
        other: { [say('key')]: say('other') },
      },
      consents: [{ purpose: say('purpose'), granted: true, source: say('consent') }],
      tags: ['vip', say('tag')],
      loyalty: { memberNumber: say('member'), tier: say('tier'), points: BigInt(mark.number) },
      crmFields: { [say('crmkey')]: say('crm') },
    },
  };
}

interface RecordsOf {
  readonly say: Say;
  readonly mark: Mark;
  readonly tenantId: string;
  readonly id: string;
  /** The index of the user among those with records. */
  readonly n: number;
}

async function addRecords({ admin }: AuthWithMail, { say, mark, tenantId, id, n }: RecordsOf) {
  const owner = { tenantId, id };
  const seconds = BigInt(mark.number);
  await admin.linkExternalId({ ...owner, externalId: { source: 'crm', externalId: `c${n}` } });
  const own = { source: say('source'), externalId: say(`external${n + 1}`) };
  await admin.linkExternalId({ ...owner, externalId: own });
  // A note has the id of its request, so both tenants have one with the same id.
  if (n === 0)
    await admin.createNote({
      ...owner,
      requestId: requestOf(2, 0),
      text: say('same'),
      author: say('author'),
    });
  const { note } = await admin.createNote({ ...owner, text: say('note'), author: say('author') });
  await admin.modifyTags({ ...owner, add: [say('added')] });
  const time = { seconds: seconds + BigInt(MONTH_S) };
  const activity = {
    kind: say('kind'),
    source: say('origin'),
    time,
    summary: say('summary'),
    attributes: { [say('attribute')]: say('value') },
  };
  await admin.recordActivity({ ...owner, ...(n === 0 && { requestId: requestOf(3, 0) }), activity });
  await admin.recordStatistics({
    ...owner,
    source: say('statistics'),
    totalBookings: seconds,
    totalSpent: [{ currencyCode: mark.currencyCode, minorUnits: seconds }],
    firstBookingTime: { seconds },
    lastBookingTime: time,
    lastActivityTime: time,
    revision: 1n,
  });
  return note?.id ?? '';
}

interface SignInsOf {
  readonly say: Say;
  readonly tenantId: string;
  readonly password: string;
}

/**
 * Adds users with the same addresses in every tenant, and one session each, so that ending one leaves the
 * others.
 */
async function addSignIns(auth: AuthWithMail, { say, tenantId, password }: SignInsOf) {
  const personOf = (name: string) => ({ tenantId, email: `${name}@people.example.com`, password });
  const sessionOf = async (name: string) => {
    await registerUser(auth, personOf(name));
    const { session } = await auth.signIn.signIn(personOf(name));
    if (!session) throw new Error('no session');
    return session;
  };
  const [refreshing, leaving, changing] = [
    await sessionOf('refreshing'),
    await sessionOf('leaving'),
    await sessionOf('changing'),
  ];
  const pending = personOf('pending');
  await auth.signIn.register({ ...pending, firstName: say('pendingfirst'), lastName: say('pendinglast') });
  const { token: verification } = await auth.mails.next(pending.email);
  await auth.signIn.requestPasswordReset({ tenantId, email: 'refreshing@people.example.com' });
  const { token: reset } = await auth.mails.next('refreshing@people.example.com');
  return { password, refreshing, leaving, changing, verification, reset };
}
