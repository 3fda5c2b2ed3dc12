import { describe, expect, it } from 'vitest';
import type { KnownUser, Users } from './users.ts';
import { withUsers } from './with-users.ts';

const [ANA, BEN, EVE] = ['a', 'b', 'e'].map((digit) => `${digit.repeat(8)}-0000-7000-8000-000000000000`) as [
  string,
  string,
  string,
];

/** Knows nobody, and notes what it is asked. */
function notingUsers() {
  const asked: unknown[][] = [];
  const users: Users = {
    async lookUp(tenantId, ids, _signal, view) {
      asked.push([tenantId, [...ids], view]);
      return new Map(ids.map((id): [string, KnownUser] => [id, { id, outcome: 'missing' }]));
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
  it('asks once for all rows and columns, and puts each user where it belongs', async () => {
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

  it('asks for the view that is wanted', async () => {
    const { users, asked } = notingUsers();
    await withUsers(users, [{ customerId: ANA, vendorId: null }], { ...options, view: 'BASIC' });
    expect(asked).toEqual([['acme', [ANA], 'BASIC']]);
  });

  it('asks nobody where no row has a user', async () => {
    const { users, asked } = notingUsers();
    const columns = { vendor: (row: Review) => row.vendorId };
    const shown = await withUsers(users, [{ customerId: ANA, vendorId: null }], { ...options, columns });
    expect(shown).toEqual([{ row: { customerId: ANA, vendorId: null }, users: { vendor: undefined } }]);
    expect(await withUsers(users, [], options)).toEqual([]);
    expect(asked).toEqual([]);
  });
});
