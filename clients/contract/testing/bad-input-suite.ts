import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectRefusal, type Refusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

type Case = [what: string, call: (subject: ServiceSubject) => Promise<unknown>, refusal: Refusal];

const tenantId = 'demo';
const id = randomUUID();
const invalid = (...fields: string[]): Refusal => ({
  code: 'InvalidArgument',
  reason: 'FIELD_INVALID',
  fields,
});

const CASES: Case[] = [
  ['a malformed id', ({ users }) => users.getUser({ tenantId, id: '42' }), invalid('id')],
  ['no tenant', ({ users }) => users.getUser({ id }), invalid('tenant_id')],
  ['a malformed tenant', ({ users }) => users.getUser({ tenantId: 'Nope!', id }), invalid('tenant_id')],
  [
    'a view that does not exist',
    ({ users }) => users.getUser({ tenantId, id, view: 99 as never }),
    invalid('view'),
  ],
  [
    'a negative version',
    ({ users }) => users.getUser({ tenantId, id, minVersion: -1n }),
    invalid('min_version'),
  ],
  ['an empty batch', ({ users }) => users.batchGetUsers({ tenantId, ids: [] }), invalid('ids')],
  [
    'a batch of 501',
    ({ users }) => users.batchGetUsers({ tenantId, ids: Array(501).fill(id) }),
    invalid('ids'),
  ],
  [
    'one bad id in a batch',
    ({ users }) => users.batchGetUsers({ tenantId, ids: [id, 'x'] }),
    invalid('ids[1]'),
  ],
  [
    'a key without content',
    ({ users }) => users.resolveUsers({ tenantId, keys: [{}] }),
    invalid('keys[0].key'),
  ],
  [
    'an unknown tenant',
    ({ users }) => users.getUser({ tenantId: freshTenant(), id }),
    { code: 'NotFound', reason: 'USER_NOT_FOUND' },
  ],
  [
    'a missing user where all are required',
    ({ users }) => users.batchGetUsers({ tenantId, ids: [id], requireAll: true }),
    { code: 'NotFound', reason: 'USER_NOT_FOUND' },
  ],
  ['no user', ({ admin }) => admin.createUser({ tenantId }), invalid('user')],
  [
    'a malformed address',
    ({ admin }) => admin.createUser({ tenantId, user: { email: 'Mr..B@mail.com' } }),
    invalid('user.email'),
  ],
  [
    'a malformed phone',
    ({ admin }) => admin.createUser({ tenantId, user: { phone: 'call me' } }),
    invalid('user.phone'),
  ],
  [
    'an id of another version',
    ({ admin }) => admin.createUser({ tenantId, userId: '0190b0d5-4a1c-4e2f-8c3d-0123456789ab', user: {} }),
    invalid('user_id'),
  ],
  [
    'a tag given twice',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { tags: ['a', 'a'] } } }),
    invalid('user.profile.tags'),
  ],
  [
    'a text that cannot be kept',
    ({ admin }) => admin.createUser({ tenantId, user: { firstName: 'a\0b' } }),
    invalid('user.first_name'),
  ],
  [
    'a tag that cannot be kept',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { tags: ['a\0b'] } } }),
    invalid('user.profile'),
  ],
  [
    'an empty mask',
    ({ admin }) => admin.updateUser({ tenantId, user: { id }, updateMask: { paths: [] } }),
    invalid('update_mask'),
  ],
  [
    'a mask that names what is output only',
    ({ admin }) => admin.updateUser({ tenantId, user: { id }, updateMask: { paths: ['version'] } }),
    invalid('update_mask'),
  ],
  [
    'an update of nobody',
    ({ admin }) => admin.updateUser({ tenantId, user: { id }, updateMask: { paths: ['email'] } }),
    { code: 'NotFound', reason: 'USER_NOT_FOUND' },
  ],
  [
    'an update without an id',
    ({ admin }) => admin.updateUser({ tenantId, user: {}, updateMask: { paths: ['email'] } }),
    invalid('user'),
  ],
  [
    'an order that does not exist',
    ({ admin }) => admin.listUsers({ tenantId, orderBy: 'shoe_size' }),
    invalid('order_by'),
  ],
  ['a negative page size', ({ admin }) => admin.listUsers({ tenantId, pageSize: -1 }), invalid('page_size')],
];

/** Bad input: the documented code and reason, the field named, and the service none the worse for it. */
export function describeBadInput(subject: () => ServiceSubject): void {
  describe('bad input', () => {
    it.each(CASES)('refuses %s', async (_, call, refusal) => {
      await expectRefusal(call(subject()), refusal);
    });

    it('refuses a stale etag and leaves the user as it is', async () => {
      const { admin } = subject();
      const tenant = freshTenant();
      const user = await seedUser({ admin }, tenant);
      const write = (firstName: string) =>
        admin.updateUser({
          tenantId: tenant,
          user: { id: user.id, etag: user.etag, firstName },
          updateMask: { paths: ['first_name'] },
        });
      await write('First');
      await expectRefusal(write('Second'), { code: 'Aborted', reason: 'ETAG_MISMATCH' });
      expect((await admin.listUsers({ tenantId: tenant })).users[0]).toMatchObject({
        firstName: 'First',
        version: 2n,
      });
    });

    it('asks for patience where a version is wanted that nobody has written', async () => {
      const { admin, users } = subject();
      const tenant = freshTenant();
      const user = await seedUser({ admin }, tenant);
      const ahead = users.getUser({ tenantId: tenant, id: user.id, minVersion: 9n });
      await expectRefusal(ahead, { code: 'Unavailable', reason: 'VERSION_NOT_REACHED' });
    });

    it('bounds how long an error grows', async () => {
      const { users } = subject();
      const error = await expectRefusal(users.batchGetUsers({ tenantId, ids: Array(500).fill('x') }), {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
      });
      expect(error.rawMessage.length).toBeLessThan(1000);
    });
  });
}
