import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { query, runMain } from '@rollcall/runtime/testing';
import { Client } from 'pg';

const top = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a program of the checkout to its end. */
export async function run(main: string, args: string[], env: NodeJS.ProcessEnv) {
  const { code, stdout, stderr } = await runMain(`${top}${main}`, { PATH: process.env.PATH, ...env }, args);
  return { code, output: stdout + stderr };
}

/** Has the pooler open as many sessions as it may. */
export async function busy(url: string, sessions: number): Promise<void> {
  const each = async () => {
    await using connected = await connect(url);
    await connected.client.query('select pg_sleep(0.2)');
  };
  await Promise.all(Array.from({ length: sessions }, each));
  await sleep(10);
}

/** Changes the settings of an address's role in its database. */
export async function asRole(url: string, change: string): Promise<void> {
  const { username, pathname } = new URL(url);
  await query(url, `alter role "${username}" in database "${pathname.slice(1)}" ${change}`);
}

/** A connection that ends with its scope. */
export async function connect(url: string): Promise<{ client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** Does a piece of work for each item, at most twelve at a time. */
export async function inDozens<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += 12) {
    const dozen = items.slice(at, at + 12).map((item, index) => work(item, at + index));
    done.push(...(await Promise.all(dozen)));
  }
  return done;
}
