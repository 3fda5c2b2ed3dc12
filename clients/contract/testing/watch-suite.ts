import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../index.ts';
import { UserChangeKind, type WatchUsersResponse } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

interface Watch extends AsyncDisposable {
  readonly responses: WatchUsersResponse[];
  /** Versions by id, in order of arrival. */
  changes(): string[];
  readonly cursor: string;
}

/** Watches until disposed. Resolves with the first response. */
async function watch(users: ServiceSubject['users'], tenantIds: string[], cursor = ''): Promise<Watch> {
  const stop = new AbortController();
  const responses: WatchUsersResponse[] = [];
  const first = Promise.withResolvers<void>();
  const read = async () => {
    for await (const response of users.watchUsers({ tenantIds, cursor }, { signal: stop.signal })) {
      responses.push(response);
      first.resolve();
    }
  };
  const ended = read().catch(first.reject);
  await first.promise;
  return {
    responses,
    changes: () =>
      responses.flatMap((each) => each.changes.map((change) => `${change.id} v${change.version}`)),
    get cursor() {
      return responses.at(-1)?.checkpoint?.cursor ?? '';
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Tests WatchUsers. */
export function describeWatching(subject: () => ServiceSubject): void {
  describe('watching users', () => {
    it('starts with a checkpoint, and sends later changes of the requested tenants', async () => {
      const { admin, users } = subject();
      const [mine, other] = [freshTenant(), freshTenant()];
      const before = await seedUser({ admin }, mine);
      await using watching = await watch(users, [mine]);
      expect(watching.responses[0]?.checkpoint?.cursor).not.toBe('');
      const { id } = await seedUser({ admin }, mine);
      await seedUser({ admin }, other);
      await admin.updateUser({
        tenantId: mine,
        user: { id, firstName: 'B' },
        updateMask: { paths: ['first_name'] },
      });
      await expect.poll(watching.changes).toEqual(expect.arrayContaining([`${id} v1`, `${id} v2`]));
      const [created, updated] = watching.responses
        .flatMap((each) => each.changes)
        .filter((change) => change.id === id);
      expect(created).toMatchObject({ tenantId: mine, kind: UserChangeKind.CREATED });
      expect(updated).toMatchObject({ tenantId: mine, kind: UserChangeKind.UPDATED });
      const tenants = watching.responses.flatMap((each) => each.changes.map((change) => change.tenantId));
      expect(new Set(tenants)).toEqual(new Set([mine]));
      expect(before.version).toBe(1n);
    });

    it('sends nothing for a write that changed nothing, or was refused', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const { id, etag } = await seedUser({ admin }, tenantId);
      await using watching = await watch(users, [tenantId]);
      const write = (firstName: string) =>
        admin.updateUser({ tenantId, user: { id, etag, firstName }, updateMask: { paths: ['first_name'] } });
      await write('Ada');
      await write('Augusta');
      await expectRefusal(write('Refused'), { code: 'Aborted', reason: 'ETAG_MISMATCH' });
      const last = await seedUser({ admin }, tenantId);
      await expect.poll(watching.changes).toContain(`${last.id} v1`);
      expect(watching.changes().filter((each) => each.startsWith(id))).not.toContain(`${id} v3`);
      expect(watching.changes()).toContain(`${id} v2`);
    });

    it('resumes from a checkpoint with the changes since', async () => {
      const { admin, users } = subject();
      const tenantId = freshTenant();
      const first = await watch(users, [tenantId]);
      const early = await seedUser({ admin }, tenantId);
      await expect.poll(first.changes).toContain(`${early.id} v1`);
      await first[Symbol.asyncDispose]();
      const missed = await seedUser({ admin }, tenantId);
      await using resumed = await watch(users, [tenantId], first.cursor);
      await expect.poll(resumed.changes).toEqual([`${missed.id} v1`]);
    });

    it('sends a checkpoint at least every second, also without changes', async () => {
      const { users } = subject();
      await using watching = await watch(users, [freshTenant()]);
      const times = () => watching.responses.map(({ checkpoint }) => Number(checkpoint?.time?.seconds ?? 0n));
      await expect.poll(() => times().length, { timeout: 5000 }).toBeGreaterThan(3);
      expect(times()).toEqual([...times()].sort((a, b) => a - b));
      // By the clock of the service, which is near ours.
      expect(Math.abs((times().at(-1) ?? 0) - Date.now() / 1000)).toBeLessThan(30);
    });

    it.each(['garbage', '00000000.1'])('refuses the cursor %s, which is not of this feed', async (cursor) => {
      const { users } = subject();
      const refused = watch(users, [freshTenant()], cursor);
      const error = await expectRefusal(refused, { code: 'OutOfRange', reason: 'CURSOR_EXPIRED' });
      // Shows a client that versions may have gone back, and not only that it missed changes.
      await using watching = await watch(users, [freshTenant()]);
      const { feed } = watching.responses[0]?.checkpoint ?? {};
      expect(feed).toMatch(/./);
      expect(error.findDetails(ErrorInfoSchema)[0]?.metadata).toMatchObject({ feed });
    });

    it('refuses an empty list of tenants, and invalid tenants', async () => {
      const { users } = subject();
      await expectRefusal(watch(users, []), {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
        fields: ['tenant_ids'],
      });
      const refusal = {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
        fields: ['tenant_ids[0]'],
      } as const;
      await expectRefusal(watch(users, [`Not ${randomUUID()}`]), refusal);
    });
  });
}
