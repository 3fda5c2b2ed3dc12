import { clone, equals } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type User, type UserChange, UserChangeKind, UserSchema, UserState, UserView } from '../user.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

const VIEWS = [UserView.REFERENCE, UserView.BASIC, UserView.FULL];

interface Written {
  readonly admin: ServiceSubject['admin'];
  readonly tenantId: string;
  readonly id: string;
}

type Write = (written: Written) => Promise<unknown>;

/** A write of some fields of a user. */
function update(user: Parameters<ServiceSubject['admin']['updateUser']>[0]['user'], paths: string[]): Write {
  return ({ admin, tenantId, id }) =>
    admin.updateUser({ tenantId, user: { ...user, id }, updateMask: { paths } });
}

const statistics = (figures: object): Write => {
  return ({ admin, tenantId, id }) =>
    admin.recordStatistics({ tenantId, id, source: 'booking', revision: 1n, ...figures });
};

/**
 * Writes that create one version each, with the smallest view that shows it: for fields, and for statistics.
 */
const WRITES: readonly [what: string, content: UserView, figures: UserView, write: Write][] = [
  ['a first name', UserView.REFERENCE, 0, update({ firstName: 'Grace' }, ['first_name'])],
  ['a last name', UserView.REFERENCE, 0, update({ lastName: 'Hopper' }, ['last_name'])],
  ['a display name', UserView.REFERENCE, 0, update({ displayName: 'Amazing' }, ['display_name'])],
  ['a picture', UserView.REFERENCE, 0, update({ profileImage: 'https://a.example/b' }, ['profile_image'])],
  ['a business name', UserView.REFERENCE, 0, update({ businessName: 'Navy' }, ['business_name'])],
  ['a role', UserView.REFERENCE, 0, update({ role: 2 }, ['role'])],
  ['a state', UserView.REFERENCE, 0, update({ state: UserState.SUSPENDED }, ['state'])],
  ['an address', UserView.BASIC, 0, update({ email: 'touched@example.com' }, ['email'])],
  ['a number', UserView.BASIC, 0, update({ phone: '+351 21 111 1111' }, ['phone'])],
  [
    'a date of birth',
    UserView.FULL,
    0,
    update({ profile: { birthDate: '1906-12-09' } }, ['profile.birth_date']),
  ],
  ['a profile', UserView.FULL, 0, update({ profile: { tags: ['vip'], crmFields: { a: 'b' } } }, ['profile'])],
  [
    'an address and a name',
    UserView.REFERENCE,
    0,
    update({ email: 'both@example.com', lastName: 'Both' }, ['email', 'last_name']),
  ],
  ['tags', UserView.FULL, 0, ({ admin, tenantId, id }) => admin.modifyTags({ tenantId, id, add: ['new'] })],
  ['a booking', 0, UserView.FULL, statistics({ totalBookings: 1n })],
  ['a review', 0, UserView.REFERENCE, statistics({ averageRating: 4, totalReviews: 2 })],
  ['deleting', UserView.REFERENCE, 0, ({ admin, tenantId, id }) => admin.deleteUser({ tenantId, id })],
];

/** Tests `UserChange.touched_views`. */
export function describeTouchedViews(subject: () => ServiceSubject): void {
  const readAll = async ({ tenantId, id }: { tenantId: string; id: string }) =>
    Promise.all(
      VIEWS.map(async (view) => (await subject().users.getUser({ tenantId, id, view })).user as User),
    );

  /** The changes of a user during an action. */
  const changesOf = async (who: { tenantId: string; id: string }, act: () => Promise<unknown>) => {
    const { tenantId, id } = who;
    const stop = new AbortController();
    const received: UserChange[] = [];
    const begun = Promise.withResolvers<void>();
    const watching = (async () => {
      const stream = subject().users.watchUsers({ tenantIds: [tenantId] }, { signal: stop.signal });
      for await (const { changes } of stream) {
        received.push(...changes.filter((change) => change.id === id));
        begun.resolve();
      }
    })().catch(begun.reject);
    await begun.promise;
    const before = (await readAll(who))[0]?.version ?? 0n;
    await act();
    await expect.poll(() => received.some(({ version }) => version > before), { timeout: 10_000 }).toBe(true);
    stop.abort();
    await watching;
    return received.filter(({ version }) => version > before);
  };

  describe('touched views of a change', () => {
    it.each(WRITES)('A4: are named for %s', async (_, content, figures, write) => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const before = await readAll({ tenantId, id });
      const [change] = await changesOf({ tenantId, id }, () => write({ admin, tenantId, id }));
      const after = await readAll({ tenantId, id });
      expect(change?.version).toBe(2n);
      const from = (smallest: UserView) => VIEWS.filter((view) => smallest > 0 && view >= smallest);
      expect(change?.touchedViews).toMatchObject({ views: from(content), figureViews: from(figures) });
      expectAccurate(change, before, after);
    });

    it('stars: returns unchanged for a version known without ratings only when the user has none', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id } = await seedUser({ admin }, tenantId);
      const { id: rated } = await seedUser({ admin }, tenantId);
      await statistics({ averageRating: 4, totalReviews: 2 })({ admin, tenantId, id: rated });
      const ids = [id, rated];
      const versions = { [id]: 1n, [rated]: 2n };
      const ask = async (known: object) => {
        const { outcomes } = await users.batchGetUsers({ tenantId, ids, ...known, minVersions: versions });
        return outcomes.map(({ outcome }) => outcome.case);
      };
      expect(await ask({ knownVersions: versions })).toEqual(['unchanged', 'unchanged']);
      expect(await ask({ knownUnratedVersions: versions })).toEqual(['unchanged', 'user']);
      expect(await ask({ knownUnratedVersions: { [id]: 9n } })).toEqual(['user', 'user']);
    });

    it('A4: are all views when a user is created, erased, or merged', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const [survivor, loser] = [await seedUser({ admin }, tenantId), await seedUser({ admin }, tenantId)];
      const plan = { survivorId: survivor.id, loserId: loser.id };
      const made = await changesOf({ tenantId, id: loser.id }, async () => {
        const { mergeId } = await admin.mergeUsers({ tenantId, plan });
        await admin.unmergeUsers({ tenantId, mergeId });
        await admin.eraseUser({ tenantId, id: loser.id, reason: 'asked' });
      });
      for (const { touchedViews } of made) expect(touchedViews?.views).toEqual(VIEWS);
      expect(made.length).toBeGreaterThan(0);
    });

    it('A4: cover all that a merge and its undoing change of the survivor', async () => {
      const { admin } = subject();
      const tenantId = freshTenant();
      const survivor = await seedUser({ admin }, tenantId);
      const loser = await seedUser({ admin }, tenantId, {
        profile: { tags: ['other'], birthDate: '1906-12-09' },
      });
      await admin.recordStatistics({
        tenantId,
        id: loser.id,
        source: 'booking',
        averageRating: 5,
        totalReviews: 3,
      });
      const who = { tenantId, id: survivor.id };
      const plan = { survivorId: survivor.id, loserId: loser.id };
      let mergeId = '';
      const acts: [UserChangeKind, () => Promise<unknown>][] = [
        [UserChangeKind.MERGED, async () => ({ mergeId } = await admin.mergeUsers({ tenantId, plan }))],
        [UserChangeKind.UNMERGED, () => admin.unmergeUsers({ tenantId, mergeId })],
      ];
      for (const [kind, act] of acts) {
        const before = await readAll(who);
        const [change] = await changesOf(who, act);
        expectAccurate(change, before, await readAll(who));
        // An id merged into this user may lead to another one now. Only the kind of the change shows that.
        expect(change?.kind).toBe(kind);
        // The name stays, and with it most of what others show, except ratings.
        expect(change?.touchedViews?.views).not.toContain(UserView.REFERENCE);
      }
    });
  });
}

/**
 * A view that the change does not name is equal before and after, except for version, time and etag, which
 * are those of the change.
 */
function expectAccurate(
  change: UserChange | undefined,
  before: readonly User[],
  after: readonly User[],
): void {
  const { views = [], figureViews = [], updateTime, etag = '' } = change?.touchedViews ?? {};
  for (const [i, view] of VIEWS.entries()) {
    const raised = clone(UserSchema, before[i] as User);
    const now = clone(UserSchema, after[i] as User);
    Object.assign(raised, { version: change?.version, updateTime, etag });
    if (views.includes(view)) continue;
    if (figureViews.includes(view)) for (const user of [raised, now]) withoutFigures(user);
    expect(equals(UserSchema, raised, now), `view ${view}`).toBe(true);
  }
}

function withoutFigures(user: User): void {
  Object.assign(user, { averageRating: 0, totalReviews: 0 });
  if (user.profile) user.profile.statistics = undefined;
}
