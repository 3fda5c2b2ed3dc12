import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AuthService } from '@rollcall/contract/auth';
import { expectRefusal } from '@rollcall/contract/testing';
import { UserAdminService, UserService, UserView } from '@rollcall/contract/user';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthWithMail, startAuthWithMail } from './testing/mailbox.ts';
import { type Fields, type ForeignTokens, requestsOf } from './testing/tenant-requests.ts';
import { EXPENDABLE_IDS, type FilledTenant, fillTenant, IDS, type Mark } from './testing/tenants.ts';

// Fixed, so that a run can be repeated. FAST_CHECK_SEED sets another one.
const SEED = Number(process.env.FAST_CHECK_SEED) || 20_261_120;

// Calls that hash passwords are slow, and a watch ends when the test ends it.
const SLOW = ['ChangePassword', 'Register', 'ResetPassword', 'SignIn', 'WatchUsers'];
const [RUNS, SLOW_RUNS] = [24, 8];
const WATCH_MS = 250;
const VIEWS = [UserView.FULL, UserView.BASIC, UserView.REFERENCE, UserView.FULL];
const WHOLE_MS = 90_000;

const METHODS = new Map(
  [UserService, UserAdminService, AuthService].flatMap(({ name, methods }) =>
    methods.map((method): [string, DescMethod] => [`${name}.${method.name}`, method]),
  ),
);

const MINE: Mark = {
  word: 'quaxolotl',
  phone: '+351 21 444 1881',
  birthDate: '1901-01-31',
  currencyCode: 'QAR',
  number: 1_606_060_601,
};
const OTHER: Mark = {
  word: 'zephyrbogen',
  phone: '+351 22 777 2992',
  birthDate: '1907-07-17',
  currencyCode: 'ZAR',
  number: 1_404_040_409,
};

let auth: AuthWithMail;
let mine: FilledTenant;
let other: FilledTenant;
/** Ids in rows of the other tenant and in none of ours. */
let foreignIds: string[];

beforeAll(async () => {
  auth = await startAuthWithMail();
  mine = await fillTenant(auth, MINE);
  other = await fillTenant(auth, OTHER);
  // Sent mails leave their table at some time, and not by a call.
  await vi.waitFor(async () => expect(await auth.query('select id from mail_outbox')).toEqual([]), 20_000);
  const ours = new Set(uuidsIn(await rowsOf(mine.tenantId)));
  foreignIds = uuidsIn(await rowsOf(other.tenantId)).filter((id) => !ours.has(id));
}, WHOLE_MS);

afterAll(() => auth?.[Symbol.asyncDispose]());

function uuidsIn(rows: unknown): string[] {
  return [...new Set(JSON.stringify(rows).match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g))];
}

async function tablesWhere(condition: string): Promise<string[]> {
  const rows = await auth.query(`
    select t.table_name as name, bool_or(c.column_name = 'tenant_id') as has_tenant
    from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
    where t.table_schema = 'public' and t.table_type = 'BASE TABLE'
    group by 1 having ${condition} order by 1`);
  return rows.map(({ name }) => name as string);
}

/** Reads every row of a tenant, by table. */
async function rowsOf(tenantId: string): Promise<Record<string, unknown[]>> {
  const tables = await tablesWhere(`bool_or(c.column_name = 'tenant_id')`);
  const rows: Record<string, unknown[]> = {};
  for (const table of tables) {
    const text = `select to_jsonb(t) as row from "${table}" t where tenant_id = $1 order by to_jsonb(t)::text`;
    rows[table] = (await auth.query(text, [tenantId])).map(({ row }) => row);
  }
  return rows;
}

/** All bytes of an answer, with headers and the details of errors. */
interface Outcome {
  readonly isAnswered: boolean;
  readonly bytes: Buffer;
}

async function call(transport: Transport, method: DescMethod, fields: Fields): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  const hear = (message: Fields & { $typeName: string }) => {
    parts.push(toBinary(method.output, message as never), ...unwrapped(message));
  };
  const headers = (...all: Headers[]) => {
    for (const each of all) parts.push(Buffer.from([...each].flat().join('\n')));
  };
  try {
    if (method.methodKind === 'server_streaming') await watch(transport, method, { fields, hear });
    else {
      const request = fields as never;
      const answer = await transport.unary(method as never, undefined, 10_000, undefined, request);
      hear(answer.message as never);
      headers(answer.header, answer.trailer);
    }
    return { isAnswered: parts.length > 0, bytes: Buffer.concat(parts) };
  } catch (reason) {
    const error = ConnectError.from(reason);
    // A clash with rows of the other tenant in the database ends so: the call reached those rows.
    if (error.code === Code.Internal || error.code === Code.Unknown) throw error;
    parts.push(Buffer.from(error.message));
    for (const detail of error.details) if ('value' in detail) parts.push(detail.value as Uint8Array);
    headers(error.metadata);
    return { isAnswered: false, bytes: Buffer.concat(parts) };
  }
}

interface Watching {
  readonly fields: Fields;
  readonly hear: (message: never) => void;
}

async function watch(transport: Transport, method: DescMethod, { fields, hear }: Watching): Promise<void> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), WATCH_MS);
  const input = (async function* () {
    yield fields as never;
  })();
  try {
    const answer = await transport.stream(method as never, end.signal, 10_000, undefined, input);
    for await (const message of answer.message) hear(message as never);
  } catch (error) {
    if (!end.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The contents of page tokens and access tokens that their bytes do not show. */
function unwrapped(message: Fields): Uint8Array[] {
  const session = message.session as { accessToken?: string } | undefined;
  const texts = [message.nextPageToken, ...(session?.accessToken?.split('.') ?? [])];
  return texts.flatMap((text) => (typeof text === 'string' ? [Buffer.from(text, 'base64url')] : []));
}

const seen = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').toLowerCase();

/** Every text and number of a tenant, in the form in which an answer would have it. */
function signsOf({ mark, secrets, ...tenant }: FilledTenant): string[] {
  const { accessToken, refreshToken, sessionId } = tenant.refreshing;
  const texts = [...secrets, mark.word, mark.phone, mark.birthDate, `"${mark.currencyCode}"`];
  const number = [varint(mark.number), Buffer.from(`"${mark.number}"`)];
  const currency = Buffer.from(`\x03${mark.currencyCode}`);
  const tokens = [
    accessToken,
    refreshToken,
    sessionId,
    tenant.verification,
    tenant.reset,
    ...tenant.mergeIds,
  ];
  return [...[...texts, ...tokens].map((text) => Buffer.from(text)), ...number, currency].map(seen);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 128))
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  return Buffer.from(bytes);
}

function ensureSilent(name: string, fields: Fields, { bytes }: Outcome): void {
  const { input } = METHODS.get(name) as DescMethod;
  const asked = seen(toBinary(input, create(input, fields as never)));
  const answer = seen(bytes);
  // A value that the caller sent itself may come back to it.
  const leaked = [...signsOf(other), ...foreignIds].filter(
    (sign) => !asked.includes(sign) && answer.includes(sign),
  );
  if (leaked.length > 0)
    throw new Error(`${name} contains data of another tenant: ${JSON.stringify(leaked.slice(0, 5))}`);
}

/** RPCs that answer in pages, and requests that have a second page. */
const PAGED: Record<string, Fields> = {
  ListUsers: { view: UserView.FULL },
  SearchUsers: { query: 'Shared' },
  ListDuplicateCandidates: { minScore: 0.1 },
  ListExternalIds: { id: IDS[0] },
  ListNotes: { id: IDS[0] },
  ListTimeline: { id: IDS[0] },
  ListErasures: {},
};

async function firstPage(rpc: string, { tenantId }: FilledTenant): Promise<string> {
  const method = METHODS.get(`UserAdminService.${rpc}`) as DescMethod;
  const request = { tenantId, pageSize: 1, ...PAGED[rpc] } as never;
  const { message } = await auth.transport.unary(method as never, undefined, 10_000, undefined, request);
  return (message as unknown as { nextPageToken: string }).nextPageToken;
}

async function tokensOf(tenant: FilledTenant): Promise<ForeignTokens> {
  const entries = Object.keys(PAGED).map(async (rpc) => [rpc, await firstPage(rpc, tenant)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('between two tenants', () => {
  it('every table has a tenant, except those without data of users', async () => {
    const without = await tablesWhere(`not bool_or(c.column_name = 'tenant_id')`);
    expect(without.filter((name) => !name.startsWith('mikro_orm'))).toEqual([
      'audit_batches',
      'audit_central',
      'audit_central_head',
      'audit_chains',
      'audit_head',
      'audit_log',
      'caller_grants',
      'caller_grants_version',
      'key_rotations',
      'signing_keys',
      'user_change_feed',
    ]);
  });

  it('every mark of a tenant can be found', async () => {
    const { tenantId } = other;
    const reads: [string, Fields][] = [
      ['UserAdminService.ListUsers', { tenantId, view: UserView.FULL, pageSize: 50 }],
      ['UserAdminService.ListErasures', { tenantId }],
      ...['ListNotes', 'ListTimeline', 'ListExternalIds'].flatMap((rpc) =>
        [...IDS.slice(0, 2), other.randomId, ...EXPENDABLE_IDS.slice(0, 3)].map((id): [string, Fields] => [
          `UserAdminService.${rpc}`,
          { tenantId, id },
        ]),
      ),
    ];
    let found = '';
    for (const [name, fields] of reads)
      found += seen((await call(auth.transport, METHODS.get(name) as DescMethod, fields)).bytes);
    // No read answers a pending registration, a source of statistics, or users who were merged away.
    const unread = [
      'pendingfirst',
      'pendinglast',
      'statistics',
      ...['fff', 'lll'].flatMap((name) => [`first${name}`, `display${name}`]),
      'mail5',
      'mail11',
    ];
    const hidden = new Set([...unread.map((what) => OTHER.word + what), other.password]);
    expect([...other.secrets].filter((secret) => !hidden.has(secret) && !found.includes(secret))).toEqual([]);
    for (const sign of [OTHER.phone, OTHER.birthDate, `\x03${OTHER.currencyCode}`])
      expect(found).toContain(seen(Buffer.from(sign)));
    expect(found).toContain(seen(varint(OTHER.number)));
    expect(foreignIds).toEqual(expect.arrayContaining([other.randomId, ...other.mergeIds, ...other.noteIds]));
  });

  it('a page token of one is refused in the other', async () => {
    const paged = [...METHODS].filter(([, { input }]) => input.field.pageToken !== undefined);
    expect(paged.map(([name]) => name).sort()).toEqual(
      Object.keys(PAGED)
        .map((rpc) => `UserAdminService.${rpc}`)
        .sort(),
    );
    const tokens = await tokensOf(other);
    for (const [name, method] of paged) {
      const fields = PAGED[method.name];
      const pageToken = tokens[method.name];
      expect(pageToken, name).not.toBe('');
      const ask = (tenantId: string) => {
        const request = { tenantId, pageSize: 1, pageToken, ...fields } as never;
        return auth.transport.unary(method as never, undefined, 10_000, undefined, request);
      };
      await ask(other.tenantId);
      const refusal = { code: 'InvalidArgument', reason: 'PAGE_TOKEN_INVALID' } as const;
      await expectRefusal(ask(mine.tenantId), refusal);
    }
  });

  it(
    'no answer of any RPC contains anything of the other, and none changes it',
    async () => {
      const requests = requestsOf(mine, other, await tokensOf(other));
      // A new RPC needs a case.
      expect(Object.keys(requests).sort()).toEqual([...METHODS.keys()].sort());
      const http = createConnectTransport({ baseUrl: auth.baseUrl, httpVersion: '1.1' });
      const transports = fc.constantFrom(auth.transport, auth.transport, http);
      const { getUser } = createClient(UserService, auth.transport);
      const readOther = () =>
        IDS.map((id, n) => getUser({ tenantId: other.tenantId, id, view: VIEWS[n % VIEWS.length] ?? 0 }));
      const before = await rowsOf(other.tenantId);
      for (const [name, arbitrary] of Object.entries(requests)) {
        const method = METHODS.get(name) as DescMethod;
        let answered = 0;
        const ask = async (fields: Fields, transport: Transport) => {
          // The other tenant reads meanwhile, so that its users are cached and coalesced.
          const [outcome] = await Promise.all([call(transport, method, fields), ...readOther()]);
          if (outcome.isAnswered) answered++;
          ensureSilent(name, fields, outcome);
        };
        const property = fc.asyncProperty(arbitrary as fc.Arbitrary<Fields>, transports, ask);
        const numRuns = SLOW.includes(method.name) ? SLOW_RUNS : RUNS;
        // A shorter list of calls would be another test: each call changes what the next one finds.
        await fc.assert(property, { seed: SEED, numRuns, endOnFailure: true });
        expect(answered, `${name} is answered at least once`).toBeGreaterThan(0);
        expect(await rowsOf(other.tenantId), `${name} changes nothing of the other`).toEqual(before);
      }
    },
    WHOLE_MS,
  );

  it('a watch of one hears nothing that is written in the other', async () => {
    const { watchUsers } = createClient(UserService, auth.transport);
    const request = { tenantIds: [mine.tenantId], cursor: other.cursor };
    const heard: string[] = [];
    let written = '';
    for await (const { changes } of watchUsers(request, { timeoutMs: 15_000 })) {
      heard.push(...changes.map(({ tenantId }) => tenantId));
      if (!written) {
        const user = { firstName: 'Ada' };
        await auth.admin.createUser({ tenantId: other.tenantId, user });
        written = (await auth.admin.createUser({ tenantId: mine.tenantId, user })).user?.id ?? '';
      } else if (changes.some(({ id }) => id === written)) break;
    }
    expect(new Set(heard)).toEqual(new Set([mine.tenantId]));
  });
});
