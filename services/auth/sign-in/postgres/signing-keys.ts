import { type Pool, runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { PublicSigningKey, SigningKeyStore, StoredSigningKey } from '../tokens/signing-keys.ts';

// Any number that no other advisory lock of this database uses.
const LOCK = 3_906_174_225n;

const TAKE_TURN = { name: 'signing_keys_turn', text: 'select pg_advisory_xact_lock($1)' };
const LIST = {
  name: 'signing_keys_list',
  text: 'select id, public_key, private_key_sealed, activate_time from signing_keys order by activate_time, id',
};
const ADD = {
  name: 'signing_keys_add',
  text: 'insert into signing_keys (id, public_key, private_key_sealed, activate_time) values ($1, $2, $3, $4)',
};
const REMOVE = { name: 'signing_keys_remove', text: 'delete from signing_keys where id = any($1::text[])' };

interface Row {
  id: string;
  public_key: Buffer;
  private_key_sealed: Buffer;
  activate_time: Date;
}

/** Keeps signing keys in the database, with sealed private halves. */
export function createPostgresSigningKeys(pool: Pool, keyring: Keyring): SigningKeyStore {
  const toRow = (key: StoredSigningKey) => [
    key.id,
    key.publicKey,
    keyring.seal(key.privateKey, signingKeyPlace(key.id)),
    key.activateTime,
  ];
  return {
    async list() {
      const rows = await runPrepared<Row>(pool, LIST, []);
      return rows.map((row) => ({
        ...toPublic(row),
        privateKey: keyring.open(row.private_key_sealed, signingKeyPlace(row.id)),
      }));
    },
    change: (plan) =>
      transactPrepared(pool, async (run) => {
        await run(TAKE_TURN, [LOCK]);
        const { add: added, removeIds } = plan((await run<Row>(LIST, [])).map(toPublic));
        for (const key of added) await run(ADD, toRow(key));
        if (removeIds.length > 0) await run(REMOVE, [removeIds]);
      }),
  };
}

function toPublic({ id, public_key, activate_time }: Row): PublicSigningKey {
  return { id, publicKey: public_key, activateTime: activate_time };
}

/** The place of a sealed private half. */
export function signingKeyPlace(rowId: string) {
  return { tenantId: '', table: 'signing_keys', column: 'private_key_sealed', rowId };
}
