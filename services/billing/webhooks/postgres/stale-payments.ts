import { type Pool, runPrepared } from '@rollcall/runtime/postgres';

/** Payments to derive anew because a rule changed, by the key that they have at Stripe. */
export async function readStale(pool: Pool, limit: number): Promise<string[]> {
  const rows = await runPrepared<{ key: string }>(pool, READ, [limit]);
  return rows.map(({ key }) => key);
}

const READ = {
  name: 'stale_payments',
  text: 'select key from payments_to_derive order by key limit $1',
};

/** Says of a payment that it is derived by the rules of now. */
export async function dropStale(pool: Pool, key: string): Promise<void> {
  await runPrepared(pool, DROP, [key]);
}

const DROP = {
  name: 'drop_stale_payment',
  text: 'delete from payments_to_derive where key = $1',
};
