import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserState, UserView } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { openDatabase } from './testing/open-database.ts';
import { NEW, NEW_INDEX, OLD, OLD_INDEX, startAuth, type TestAuth } from './testing/start-auth.ts';

async function seedTwo({ admin }: TestAuth) {
  const tenantId = freshTenant();
  const survivor = await seedUser({ admin }, tenantId);
  const loser = await seedUser({ admin }, tenantId, {
    firstName: 'Zephyrine',
    profile: { birthDate: '1815-12-10' },
  });
  return { tenantId, survivor, loser, plan: { survivorId: survivor.id, loserId: loser.id } };
}

/** Asks again while the service is overloaded, as its error says: the call has not begun then. */
async function patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (errorReason(error)?.reason !== 'OVERLOADED') throw error;
      await sleep(50);
    }
  }
}

describe('concurrent merges', () => {
  it('of one pair, in one direction and in both, have one result', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url });
    for (const isCrossing of [false, true]) {
      const { tenantId, survivor, loser, plan } = await seedTwo(auth);
      const crossed = { survivorId: plan.loserId, loserId: plan.survivorId };
      const merge = (_: unknown, i: number) =>
        patiently(() =>
          auth.admin.mergeUsers(
            { tenantId, plan: isCrossing && i % 2 ? crossed : plan },
            { timeoutMs: 15_000 },
          ),
        );
      const results = await Promise.allSettled(Array.from({ length: 20 }, merge));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'fulfilled') continue;
        const refusal = { code: 'FailedPrecondition', reason: 'MERGE_REFUSED' } as const;
        await expectRefusal(Promise.reject(result.reason), refusal);
      }
      const { outcomes } = await auth.users.batchGetUsers({ tenantId, ids: [survivor.id, loser.id] });
      const [one, other] = outcomes.map(({ outcome }) => outcome.value);
      expect(one).toEqual(other);
      expect(await database.query('select version from users where tenant_id = $1', [tenantId])).toEqual([
        { version: '2' },
        { version: '2' },
      ]);
    }
  });

  it('in a ring leave one survivor of all, while all of them are written, unmerged and erased', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url });
    const { admin, users } = auth;
    const tenantId = freshTenant();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await seedUser({ admin }, tenantId)).id);
    const slow = { timeoutMs: 15_000 };
    const calls = Array.from({ length: 60 }, (_, i) => {
      const [survivorId = '', loserId = ''] = [ids[i % 5], ids[(i * 3 + 1) % 5]];
      if (i % 4 === 3) {
        const user = { id: loserId, lastName: `n${i}` };
        return patiently(() =>
          admin.updateUser({ tenantId, user, updateMask: { paths: ['last_name'] } }, slow),
        );
      }
      const merging = patiently(() => admin.mergeUsers({ tenantId, plan: { survivorId, loserId } }, slow));
      return i % 3 === 0
        ? merging.then(({ mergeId }) => patiently(() => admin.unmergeUsers({ tenantId, mergeId }, slow)))
        : merging;
    });
    const results = await Promise.allSettled(calls);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const refusal = { code: 'FailedPrecondition', reason: 'MERGE_REFUSED' } as const;
      await expectRefusal(Promise.reject(result.reason), refusal);
    }
    const { outcomes } = await users.batchGetUsers({ tenantId, ids });
    for (const { outcome } of outcomes) expect(outcome.case).toBe('user');
    const changes = await database.query(
      `select c.user_id, array_agg(c.version order by c.seq) as versions, u.version from user_changes c
       join users u on u.tenant_id = c.tenant_id and u.id = c.user_id where c.tenant_id = $1 group by 1, 3`,
      [tenantId],
    );
    for (const { versions, version } of changes) {
      expect(versions).toEqual(Array.from({ length: Number(version) }, (_, i) => String(i + 1)));
    }
    const erasures = await Promise.allSettled([
      ...ids.map((id) => admin.eraseUser({ tenantId, id }, slow)),
      ...ids.map((loserId, i) =>
        admin.mergeUsers({ tenantId, plan: { survivorId: ids[(i + 1) % 5] ?? '', loserId } }, slow),
      ),
    ]);
    for (const erased of erasures.slice(0, 5)) if (erased.status === 'rejected') throw erased.reason;
    const left = await database.query(
      'select 1 from users where tenant_id = $1 and (email_sealed is not null or first_name <> $2)',
      [tenantId, ''],
    );
    expect(left).toEqual([]);
  });
});

describe('a merge whose connection breaks', () => {
  const STATE = `select jsonb_build_array(
    (select jsonb_agg(u order by id) from users u), (select jsonb_agg(p order by user_id) from user_profiles p),
    (select jsonb_agg(t order by user_id, tag) from user_tags t), (select jsonb_agg(n order by id) from user_notes n),
    (select jsonb_agg(m order by seq) from user_merges m), (select jsonb_agg(v) from user_merge_moves v),
    (select jsonb_agg(c order by seq) from user_changes c), (select jsonb_agg(w) from write_requests w)) as state`;

  it('is not done at all, and neither is its undoing, whichever statement was the last', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url });
    const { admin } = auth;
    const { tenantId, loser, survivor, plan } = await seedTwo(auth);
    await admin.createNote({ tenantId, id: loser.id, text: 'Likes tea' });
    await database.query(`create function break_off() returns trigger language plpgsql as
      $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`);
    const breakAt = async (event: string, call: () => Promise<unknown>) => {
      const before = await database.query(STATE);
      await database.query(`create trigger break_off after ${event} execute function break_off()`);
      await expect(call()).rejects.toThrow();
      await database.query(`drop trigger break_off on ${event.split(' ')[2]}`);
      expect(await database.query(STATE)).toEqual(before);
    };
    const requestId = randomUUID();
    const merge = () => admin.mergeUsers({ tenantId, plan, requestId });
    for (const event of [
      'insert on write_requests',
      'insert on user_merges',
      'update on users',
      'insert on user_tags',
      'insert on user_changes',
      'update on user_notes',
      'insert on user_merge_moves',
    ]) {
      await breakAt(event, merge);
    }
    const { mergeId, user } = await merge();
    expect(user?.id).toBe(survivor.id);
    for (const event of [
      'update on user_merges',
      'update on users',
      'insert on user_changes',
      'update on user_notes',
    ]) {
      await breakAt(event, () => admin.unmergeUsers({ tenantId, mergeId }));
    }
    const { restored } = await admin.unmergeUsers({ tenantId, mergeId });
    expect(restored).toMatchObject({ id: loser.id, firstName: 'Zephyrine' });
  });
});

describe('images of merged users', () => {
  it('are sealed, move to new keys, and still restore both', async () => {
    await using database = await openDatabase();
    let mergeId = '';
    let seeded: Awaited<ReturnType<typeof seedTwo>>;
    {
      await using auth = await startAuth({ databaseUrl: database.url });
      seeded = await seedTwo(auth);
      ({ mergeId } = await auth.admin.mergeUsers({ tenantId: seeded.tenantId, plan: seeded.plan }));
    }
    const [{ row }] = (await database.query('select m::text as row from user_merges m')) as [{ row: string }];
    expect(row).not.toMatch(/zephyrine|1815-12-10/i);
    {
      await using auth = await startAuth({
        databaseUrl: database.url,
        keys: {
          encryption: `${NEW},${OLD}`,
          index: `${NEW_INDEX},${OLD_INDEX}`,
        },
      });
      await expect
        .poll(auth.metrics, { timeout: 15_000 })
        .toMatch(/^rollcall_key_rotation_finished\{service="auth"\} 1$/m);
    }
    await using auth = await startAuth({
      databaseUrl: database.url,
      keys: { encryption: NEW, index: NEW_INDEX },
    });
    const { survivor, restored } = await auth.admin.unmergeUsers({ tenantId: seeded.tenantId, mergeId });
    expect(survivor).toMatchObject({ email: seeded.survivor.email });
    expect(restored).toMatchObject({ email: seeded.loser.email, firstName: 'Zephyrine' });
  });

  it('are removed when either user is erased, by either id', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url });
    for (const which of ['survivorId', 'loserId'] as const) {
      const { tenantId, loser, plan } = await seedTwo(auth);
      const externalId = { source: 'legacy', externalId: 'zq-legacy' };
      await auth.admin.linkExternalId({ tenantId, id: loser.id, externalId });
      await auth.admin.mergeUsers({ tenantId, plan: { ...plan, takeFromLoser: { paths: ['email'] } } });
      const held = await database.query(
        'select encode(email_key, $2) as hex from users where tenant_id = $1',
        [tenantId, 'hex'],
      );
      expect(held).toHaveLength(2);
      await auth.admin.eraseUser({ tenantId, id: plan[which] });
      const rows = await database.query(
        `select u::text as row from users u union all select m::text from user_merges m
         union all select v::text from user_merge_moves v union all select p::text from user_profiles p
         union all select e::text from user_external_ids e`,
      );
      for (const { row } of rows) {
        expect(row).not.toMatch(/zephyrine|1815-12-10|zq-legacy/i);
        for (const { hex } of held) expect(row).not.toContain(hex);
      }
      const { user } = await auth.users.getUser({ tenantId, id: loser.id, view: UserView.FULL });
      expect(user).toMatchObject({ id: plan.survivorId, state: UserState.DELETED, email: '' });
      // Both addresses are free again.
      await auth.admin.createUser({ tenantId, user: { email: loser.email } });
    }
  });
});
