import { create } from '@bufbuild/protobuf';
import { AttachedUserOutcome, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { type ShownUser, toAttachedUser, type Users, withUsers } from './users.ts';

const [ANA, BEN, EVE] = ['a', 'b', 'e'].map((digit) => `${digit.repeat(8)}-0000-7000-8000-000000000000`) as [
  string,
  string,
  string,
];

/** Creates `Users` without a user, which records its arguments. */
function notingUsers() {
  const asked: unknown[][] = [];
  const users: Users = {
    async lookUp(tenantId, ids, _signal, view) {
      asked.push([tenantId, [...ids], view]);
      return new Map(ids.map((id): [string, ShownUser] => [id, { id, outcome: 'missing' }]));
    },
  };
  return { users, asked };
}

interface Review {
  readonly customerId: string;
  readonly vendorId: string | null;
}

const options = {
  tenantId: 'acme',
  columns: { customer: (row: Review) => row.customerId, vendor: (row: Review) => row.vendorId },
  signal: new AbortController().signal,
};

describe('withUsers', () => {
  it('looks up all rows and columns once, and adds each user to its row', async () => {
    const { users, asked } = notingUsers();
    const rows = [
      { customerId: ANA, vendorId: EVE },
      { customerId: BEN, vendorId: null },
      { customerId: ANA, vendorId: BEN },
    ];
    const shown = await withUsers(users, rows, options);
    expect(asked).toEqual([['acme', [ANA, EVE, BEN], undefined]]);
    expect(shown.map(({ users: { customer, vendor } }) => [customer?.id, vendor?.id])).toEqual([
      [ANA, EVE],
      [BEN, undefined],
      [ANA, BEN],
    ]);
    expect(shown.map(({ row }) => row)).toEqual(rows);
  });

  it('looks up the view of its options', async () => {
    const { users, asked } = notingUsers();
    await withUsers(users, [{ customerId: ANA, vendorId: null }], { ...options, view: 'BASIC' });
    expect(asked).toEqual([['acme', [ANA], 'BASIC']]);
  });

  it('looks up nothing when no row has a user', async () => {
    const { users, asked } = notingUsers();
    const columns = { vendor: (row: Review) => row.vendorId };
    const shown = await withUsers(users, [{ customerId: ANA, vendorId: null }], { ...options, columns });
    expect(shown).toEqual([{ row: { customerId: ANA, vendorId: null }, users: { vendor: undefined } }]);
    expect(await withUsers(users, [], options)).toEqual([]);
    expect(asked).toEqual([]);
  });
});

const id = '019c0000-0000-7000-8000-000000000001';
const user = create(UserSchema, { id: '019c0000-0000-7000-8000-000000000002', displayName: 'Ana' });

describe('toAttachedUser', () => {
  it('shows a found user under the id of the row', () => {
    expect(toAttachedUser({ id, outcome: 'deleted', user, stale: true })).toMatchObject({
      id,
      outcome: AttachedUserOutcome.DELETED,
      user: { id: user.id, displayName: 'Ana' },
      stale: true,
    });
  });

  it('shows only the id of an unavailable user', () => {
    const attached = toAttachedUser({ id, outcome: 'unavailable', why: 'breaker_open' });
    expect(attached).toMatchObject({ id, outcome: AttachedUserOutcome.UNAVAILABLE, stale: false });
    expect(attached.user).toBeUndefined();
  });
});
