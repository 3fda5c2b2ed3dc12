import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../index.ts';
import { UserView } from '../user.ts';
import { expectRefusal, type Refusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

type Case = [what: string, call: (subject: ServiceSubject) => Promise<unknown>, refusal: Refusal];

const tenantId = 'demo';
const crm = (fields: number) =>
  Object.fromEntries(Array.from({ length: fields }, (_, i) => [`field ${i}`, 'x'.repeat(2000)]));
const id = randomUUID();
const deepActivity = (depth: number) => ({
  kind: 'deep',
  source: 'test',
  time: { seconds: 1n },
  attributes: JSON.parse(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`) as JsonObject,
});
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
    'phones: brackets without a digit for a phone',
    ({ admin }) => admin.createUser({ tenantId, user: { phone: '((((' } }),
    invalid('user.phone'),
  ],
  [
    'phones: a phone that a spreadsheet made a decimal number',
    ({ admin }) => admin.createUser({ tenantId, user: { phone: '447911123456.0' } }),
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
    'a tag that shows nothing',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { tags: ['\u200b'] } } }),
    invalid('user.profile.tags'),
  ],
  [
    'invisible: a note that shows nothing',
    ({ admin }) => admin.createNote({ tenantId, id, text: '\u2060 \u200b' }),
    invalid('text'),
  ],
  [
    'invisible: a consent to nothing that can be seen',
    ({ admin }) => {
      const consents = [{ purpose: 'newsletter' }, { purpose: '\u200b' }];
      return admin.createUser({ tenantId, user: { profile: { consents } } });
    },
    invalid('user.profile.consents[1].purpose'),
  ],
  [
    'a tag that cannot be kept',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { tags: ['x', 'a\0b'] } } }),
    invalid('user.profile.tags[1]'),
  ],
  [
    'a search for what cannot be kept',
    ({ admin }) => admin.searchUsers({ tenantId, query: 'a\0' }),
    invalid('query'),
  ],
  [
    'a filter by what cannot be kept',
    ({ admin }) => admin.listUsers({ tenantId, filter: { tags: ['\0'] } }),
    invalid('filter.tags[0]'),
  ],
  [
    'attributes that are nested 17 deep',
    ({ admin }) => admin.recordActivity({ tenantId, id, activity: deepActivity(17) }),
    invalid('activity.attributes'),
  ],
  [
    'a date of birth that is none',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { birthDate: '9999-99-99' } } }),
    invalid('user.profile.birth_date'),
  ],
  [
    'a profile that is too large',
    ({ admin }) => admin.createUser({ tenantId, user: { profile: { crmFields: crm(40) } } }),
    { code: 'InvalidArgument', reason: 'PROFILE_TOO_LARGE' },
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

/** Tests invalid requests: each fails with the documented code, reason and field, and changes nothing. */
export function describeBadInput(subject: () => ServiceSubject): void {
  describe('bad input', () => {
    it.each(CASES)('refuses %s', async (_, call, refusal) => {
      await expectRefusal(call(subject()), refusal);
    });

    it('refuses a stale etag and does not change the user', async () => {
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

    it('fails with UNAVAILABLE for a version that does not exist yet', async () => {
      const { admin, users } = subject();
      const tenant = freshTenant();
      const user = await seedUser({ admin }, tenant);
      const ahead = users.getUser({ tenantId: tenant, id: user.id, minVersion: 9n });
      await expectRefusal(ahead, { code: 'Unavailable', reason: 'VERSION_NOT_REACHED' });
    });

    it('names the user and the present version when it refuses a batch', async () => {
      const { admin, users } = subject();
      const tenant = freshTenant();
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push((await seedUser({ admin }, tenant)).id);
      const [first, ahead, last] = ids as [string, string, string];
      const minVersions = { [first]: 1n, [ahead.toUpperCase()]: 9n, [last]: 1n };
      const batch = users.batchGetUsers({ tenantId: tenant, ids, minVersions });
      const error = await expectRefusal(batch, { code: 'Unavailable', reason: 'VERSION_NOT_REACHED' });
      const [info] = error.findDetails(ErrorInfoSchema);
      expect(info?.metadata).toMatchObject({ id: ahead, version: '1', min_version: '9' });
    });

    it('refuses invalid timestamps', async () => {
      const { admin } = subject();
      const never = { seconds: 2n ** 62n };
      // JSON cannot express it, so the caller's encoder refuses it.
      const list = admin.listUsers({ tenantId, filter: { createdFrom: never } });
      await expect(list).rejects.toThrow(/filter.created_from must|Timestamp/);
      const consents = [{ purpose: 'x', answerTime: never }];
      const made = admin.createUser({ tenantId, user: { profile: { consents } } });
      await expect(made).rejects.toThrow(/answer_time must|Timestamp/);
    });

    it('nul: refuses a batch with a key that cannot be stored, and names the key', async () => {
      const { users } = subject();
      const keyOf = (externalId: string) => ({
        key: { case: 'externalId' as const, value: { source: 'legacy', externalId } },
      });
      const resolved = users.resolveUsers({ tenantId, keys: [keyOf('a'), keyOf('a\0b')] });
      await expectRefusal(resolved, invalid('keys[1].external_id.external_id'));
    });

    it('end-of-time: stores the last valid timestamp, and reads the user afterwards', async () => {
      const { admin, users } = subject();
      const tenant = freshTenant();
      const user = await seedUser({ admin }, tenant);
      const last = { seconds: 253_402_300_799n, nanos: 999_999_900 };
      await admin.recordStatistics({
        ...{ tenantId: tenant, id: user.id, source: 'test', revision: 1n },
        lastActivityTime: last,
      });
      const read = await users.getUser({ tenantId: tenant, id: user.id, view: UserView.FULL });
      expect(read.user?.profile?.statistics?.lastActivityTime).toMatchObject({
        seconds: last.seconds,
        nanos: 999_000_000,
      });
    });

    it('refuses a batch that exceeds one response, and serves its users in smaller ones', async () => {
      const { admin, users } = subject();
      const tenant = freshTenant();
      const { id } = await seedUser({ admin }, tenant, { profile: { crmFields: crm(30) } });
      const ask = (count: number) =>
        users.batchGetUsers({ tenantId: tenant, ids: Array(count).fill(id), view: UserView.FULL });
      await expectRefusal(ask(500), { code: 'ResourceExhausted', reason: 'MESSAGE_TOO_LARGE' });
      expect((await ask(50)).outcomes).toHaveLength(50);
    });

    it('limits the length of an error that repeats input', async () => {
      const { admin } = subject();
      const call = admin.updateUser({ tenantId, user: { id }, updateMask: { paths: ['x'.repeat(100_000)] } });
      const error = await expectRefusal(call, { code: 'InvalidArgument', reason: 'FIELD_INVALID' });
      expect(error.rawMessage.length).toBeLessThan(2000);
    });

    it('limits the number of faults that an error names', async () => {
      const { users } = subject();
      const error = await expectRefusal(users.batchGetUsers({ tenantId, ids: Array(500).fill('x') }), {
        code: 'InvalidArgument',
        reason: 'FIELD_INVALID',
      });
      expect(error.rawMessage.length).toBeLessThan(1000);
    });
  });
}
