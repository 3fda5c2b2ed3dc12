import { randomUUID } from 'node:crypto';
import { Secret } from '@rollcall/runtime';
import { createKeyring, makeKey } from '@rollcall/runtime/sealing';
import { describe, expect, it } from 'vitest';
import { createSignInSeal } from '../../sign-in/postgres/sign-in-seal.ts';
import { signingKeyPlace } from '../../sign-in/postgres/signing-keys.ts';
import type { User } from '../../users/user.ts';
import { sealImage } from '../merges/undo-log.ts';
import { createContactSeal } from '../rows/contact-seal.ts';
import { sealedTables } from './sealed-tables.ts';

const [OLD, NEW, INDEX] = ['old', 'new', 'index'].map(makeKey) as [string, string, string];
const keyring = (encryptionKeys: string) =>
  createKeyring({ encryptionKeys: new Secret(encryptionKeys), indexKeys: new Secret(INDEX) });
const written = keyring(OLD);
const contact = createContactSeal(written);
const people = createSignInSeal(written);
// This keyring has an old key, so that each table opens its values in order to seal them again.
const tables = sealedTables(createContactSeal(keyring(`${NEW},${OLD}`)));

const EMAIL = 'ada@example.com';
const USER = { version: 1n, firstName: 'Ada', createTime: new Date(), updateTime: new Date() } as User;
const MAIL = { to: EMAIL, subject: 'Hello', text: 'Hello' } as unknown as Parameters<
  typeof people.sealMail
>[0];
const PERSON = { email: EMAIL, firstName: 'Ada' } as unknown as Parameters<typeof people.sealRegistration>[0];

interface At {
  readonly tenantId: string;
  readonly id: string;
}

/** The values that the service writes into the columns of one row, by table. */
const SEALED: Readonly<Record<string, Readonly<Record<string, (at: At) => Buffer | null>>>> = {
  users: {
    email_sealed: (at) => contact.sealEmail(EMAIL, at).email_sealed,
    phone_sealed: (at) => contact.sealPhone('+491701234567', at).phone_sealed,
  },
  verified_emails: { email_sealed: (at) => people.sealVerified(EMAIL, at) },
  mail_tokens: { person_sealed: (at) => people.sealRegistration(PERSON, at) },
  mail_outbox: { mail_sealed: (at) => people.sealMail(MAIL, at) },
  signing_keys: { private_key_sealed: ({ id }) => written.seal('a private key', signingKeyPlace(id)) },
  user_merges: {
    survivor_before: ({ tenantId, id }) => imageOf(tenantId, id, 'survivor_before'),
    loser_before: ({ tenantId, id }) => imageOf(tenantId, id, 'loser_before'),
  },
};

function imageOf(tenantId: string, mergeId: string, column: 'survivor_before' | 'loser_before') {
  return sealImage(written, USER, { tenantId, mergeId, column });
}

/** One place for each sealed column, and whether its row belongs to a tenant. */
const PLACES = tables.flatMap(({ table, columns }) =>
  columns
    .filter((column) => !column.endsWith('_key'))
    .map((column) => ({ table, column, name: `${table}.${column}` })),
);

const HERE = { tenantId: 'acme', id: randomUUID() };

/** Opens a value at `place` in the way that the service opens the row of `at`. */
function open(
  value: Buffer | null,
  { table: name, column }: { table: string; column: string },
  at: At,
): void {
  const table = tables.find((each) => each.table === name);
  if (!table) throw new Error(`There is no table ${name}.`);
  const ids = Object.fromEntries(
    table.key.map((key) => [key.column, key.column === 'tenant_id' ? at.tenantId : at.id]),
  );
  const nothing = Object.fromEntries(
    table.columns.map((each) => [each, each === 'email_key' ? Buffer.alloc(32) : null]),
  );
  const sealedAgain = table.withCurrentKeys({ ...nothing, ...ids, [column]: value });
  expect(sealedAgain?.[column]).toBeInstanceOf(Buffer);
}

describe('a sealed value', () => {
  it('T4: has a case for each sealed column', () => {
    const cases = Object.entries(SEALED).flatMap(([table, columns]) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    );
    expect(cases.sort()).toEqual(PLACES.map(({ name }) => name).sort());
  });

  describe.each(PLACES)('of $name', (place) => {
    const sealed = (at = HERE) => SEALED[place.table]?.[place.column]?.(at) ?? null;
    const TAMPERED = expect.objectContaining({ reason: 'TAMPERED' });

    it('T4: opens where it was written', () => {
      open(sealed(), place, HERE);
    });

    it('T4: is refused in another row', () => {
      const moved = { ...HERE, id: randomUUID() };
      expect(() => open(sealed(), place, moved)).toThrow(TAMPERED);
    });

    it.runIf(place.table !== 'signing_keys')('T4: is refused in another tenant', () => {
      expect(() => open(sealed(), place, { ...HERE, tenantId: 'globex' })).toThrow(TAMPERED);
    });

    it.each(PLACES.filter(({ name }) => name !== place.name))('T4: is refused in $name', (other) => {
      expect(() => open(sealed(), other, HERE)).toThrow(TAMPERED);
      // Signing keys belong to no tenant.
      expect(() => open(sealed({ ...HERE, tenantId: '' }), other, { ...HERE, tenantId: '' })).toThrow(
        TAMPERED,
      );
    });
  });
});
