import { UserView } from '@rollcall/contract/user';
import fc from 'fast-check';
import { ERASED_IDS, EXPENDABLE_IDS, type FilledTenant, IDS, REQUEST_IDS } from './tenants.ts';

/** The fields of a request, by JSON name. */
export type Fields = Record<string, unknown>;

/** Page tokens of the other tenant, by RPC. */
export type ForeignTokens = Readonly<Record<string, string>>;

const UNKNOWN_ID = '019c0000-0000-7000-8000-ffffffffffff';

/**
 * Makes requests of one tenant by a caller who knows ids, addresses and tokens of another tenant, by service
 * and RPC. No written value bears a mark of the other tenant, so that a mark in an answer is a leak.
 */
export function requestsOf(mine: FilledTenant, other: FilledTenant, tokens: ForeignTokens) {
  const { tenantId } = mine;
  const pick = <T>(...values: T[]) => fc.constantFrom(...values);
  const ask = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Fields> =>
    fc.record({ tenantId: fc.constant(tenantId), ...fields });
  // Only the first two have records.
  const recorded = IDS.slice(0, 2);
  const id = pick(...recorded, ...recorded, ...IDS, mine.randomId, other.randomId, UNKNOWN_ID);
  const expendable = pick(...EXPENDABLE_IDS, ...EXPENDABLE_IDS, other.randomId);
  const erased = pick(...ERASED_IDS, ...ERASED_IDS, IDS[0], other.randomId);
  const requestId = pick('', '', '', ...REQUEST_IDS);
  const etag = pick('', '', other.etag);
  const view = pick(UserView.REFERENCE, UserView.BASIC, UserView.FULL);
  const email = pick('shared0@example.com', 'SHARED2@example.com', ...mine.emails, ...other.emails);
  const externalId = fc.record({
    source: pick('crm', `${mine.mark.word}source`, `${other.mark.word}source`),
    externalId: pick('c0', 'c1', `${mine.mark.word}external1`, `${other.mark.word}external1`),
  });
  const pageSize = fc.nat({ max: 5 });
  const page = (rpc: string) => ({ pageSize, pageToken: pick('', '', tokens[rpc] ?? '') });
  const filter = fc.record(
    { tags: fc.array(pick('vip', `${mine.mark.word}tag`, `${other.mark.word}tag`), { maxLength: 1 }) },
    { requiredKeys: [] },
  );
  const plan = (ids: fc.Arbitrary<string>) =>
    fc.record({
      survivorId: ids,
      loserId: ids,
      takeFromLoser: fc.record({ paths: pick([], ['profile'], ['phone', 'first_name']) }),
    });
  const query = pick(
    'Shared',
    'Harbour',
    ...[mine, other].flatMap(({ mark: { word, phone } }) => [word, `${word}last`, `${word}lsat`, phone]),
    '+351 21 555 0000',
    ...other.emails,
    'shared0@example.com',
  );
  const personEmail = pick(
    ...['refreshing', 'leaving', 'changing', 'pending'].map((name) => `${name}@people.example.com`),
    ...other.emails,
  );
  const newPassword = fc.constant('violet lantern quarry');
  const spliced = spliceTokens(mine.changing.accessToken, other.changing.accessToken);
  const accessToken = pick(mine.changing.accessToken, mine.changing.accessToken, ...spliced);
  const written = fc.record({
    firstName: pick('Ada', 'Grace'),
    email: pick('', 'shared0@example.com', 'shared3@example.com'),
    phone: pick('', '+351 21 555 0000'),
  });
  const owned = { id, requestId };

  return {
    'UserService.GetUser': ask({ id, view, minVersion: pick(0n, 0n, 1n) }),
    'UserService.BatchGetUsers': ask({ ids: fc.array(id, { minLength: 1, maxLength: 8 }), view }),
    'UserService.ResolveUsers': ask({
      keys: fc.array(
        fc.oneof(
          email.map((value) => ({ key: { case: 'email', value } })),
          externalId.map((value) => ({ key: { case: 'externalId', value } })),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      view,
    }),
    'UserService.WatchUsers': fc.record({
      tenantIds: pick([tenantId], [tenantId, 'nobodys-tenant']),
      cursor: pick(other.cursor, other.cursor, mine.cursor, ''),
    }),
    'UserAdminService.ListUsers': ask({
      ...page('ListUsers'),
      view,
      filter,
      orderBy: pick('', 'display_name', 'update_time desc'),
    }),
    'UserAdminService.SearchUsers': ask({ ...page('SearchUsers'), query, view, filter }),
    'UserAdminService.ListDuplicateCandidates': ask({
      ...page('ListDuplicateCandidates'),
      minScore: pick(0, 0.1, 0.9),
    }),
    'UserAdminService.PreviewMergeUsers': ask({ plan: plan(id) }),
    'UserAdminService.ListExternalIds': ask({ id, ...page('ListExternalIds') }),
    'UserAdminService.ListNotes': ask({ id, ...page('ListNotes') }),
    'UserAdminService.ListTimeline': ask({ id, ...page('ListTimeline') }),
    'UserAdminService.ListErasures': ask({ ...page('ListErasures'), awaitedFrom: pick('', '', 'vendor') }),
    'UserAdminService.GetErasure': ask({ id: erased }),
    'UserAdminService.ReportErasure': ask({
      id: erased,
      consumer: pick('booking', 'vendor'),
      remaining: pick('', 'an invoice'),
    }),
    'UserAdminService.CreateUser': ask({
      requestId,
      userId: pick('', ...IDS, '019c0000-0000-7000-8000-000000000099'),
      user: written,
    }),
    'UserAdminService.UpdateUser': ask({
      requestId,
      user: fc
        .tuple(id, written, pick('', '', other.etag))
        .map(([userId, user, tag]) => ({ ...user, id: userId, etag: tag })),
      updateMask: fc.record({ paths: pick(['first_name'], ['email'], ['phone', 'first_name']) }),
    }),
    'UserAdminService.LinkExternalId': ask({
      ...owned,
      externalId: fc.record({ source: pick('crm', 'erp'), externalId: pick('c0', 'c1', 'c2') }),
    }),
    'UserAdminService.CreateNote': ask({ ...owned, text: pick('a note', 'another'), author: pick('', 'me') }),
    'UserAdminService.ModifyTags': ask({
      ...owned,
      add: pick([], ['new']),
      remove: pick([], ['vip'], [`${other.mark.word}tag`]),
    }),
    'UserAdminService.RecordActivity': ask({
      ...owned,
      activity: fc.constant({
        kind: 'visit',
        source: 'shop',
        time: { seconds: 1_000_000_000n },
        summary: '',
      }),
    }),
    'UserAdminService.RecordStatistics': ask({
      ...owned,
      source: fc.constant('shop'),
      totalBookings: pick(1n, 2n),
      revision: pick(1n, 2n, 3n),
    }),
    'UserAdminService.UnlinkExternalId': ask({ ...owned, externalId }),
    'UserAdminService.DeleteNote': ask({
      id: pick(...recorded, ...recorded, other.randomId),
      requestId,
      noteId: pick(REQUEST_IDS[2], ...mine.noteIds.slice(0, 2), ...other.noteIds.slice(0, 3)),
    }),
    'UserAdminService.MergeUsers': ask({
      requestId,
      plan: plan(expendable),
      survivorEtag: etag,
      loserEtag: fc.constant(''),
    }),
    'UserAdminService.UnmergeUsers': ask({
      requestId, // Our other merge stays, so that undoing theirs has two users to part.
      mergeId: pick(mine.mergeIds[0], ...other.mergeIds),
    }),
    'UserAdminService.AutoMergeDuplicates': ask({
      requestId,
      minScore: pick(0.1, 0.9),
      dryRun: pick(true, true, true, false),
      maxMerges: pick(1, 2),
    }),
    'UserAdminService.DeleteUser': ask({ id: expendable, requestId, etag }),
    'UserAdminService.UndeleteUser': ask({ id: expendable, requestId, etag }),
    'UserAdminService.EraseUser': ask({ id: expendable, requestId, reason: pick('', 'asked for') }),
    'AuthService.GetSigningKeys': fc.constant({}),
    'AuthService.SignIn': ask({ email: personEmail, password: pick(mine.password, other.password) }),
    'AuthService.RequestEmailVerification': fc.record({ accessToken }),
    'AuthService.ChangePassword': fc.record({
      accessToken,
      currentPassword: pick(mine.password, mine.password, other.password),
      newPassword,
    }),
    'AuthService.Register': ask({ email: personEmail, password: newPassword, firstName: pick('Ada') }),
    'AuthService.RequestPasswordReset': ask({ email: personEmail }),
    'AuthService.RefreshSession': ask({
      refreshToken: pick(mine.refreshing.refreshToken, other.refreshing.refreshToken),
    }),
    'AuthService.SignOut': ask({
      refreshToken: pick(mine.leaving.refreshToken, other.leaving.refreshToken),
      everywhere: fc.boolean(),
    }),
    'AuthService.VerifyEmail': ask({ token: pick(mine.verification, other.verification, other.reset) }),
    'AuthService.ResetPassword': ask({
      token: pick(mine.reset, other.reset, other.verification),
      newPassword,
    }),
  } satisfies Record<string, fc.Arbitrary<Fields>>;
}

// A whole token of the other tenant would be a genuine call of its user, and no attack.
function spliceTokens(mine: string, other: string): string[] {
  const [head, , signature] = mine.split('.');
  const [otherHead, claims, otherSignature] = other.split('.');
  return [`${head}.${claims}.${signature}`, `${otherHead}.${mine.split('.')[1]}.${otherSignature}`];
}
