import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { ownerOf } from '../settings.ts';
import type { Credentials } from './initialize.ts';

/**
 * Creates for each name a role and a database that only this role, its owner and the superuser may enter.
 * What exists stays, but a database that its service owns is reassigned when another role should own it.
 * @param adminUrl connection URL of the superuser
 * @param names of services, such as `auth`: names of the role and of the database
 * @returns version of the server, such as `18.4`
 */
export async function ensureDatabases(
  adminUrl: string,
  names: readonly string[],
  credentials: Credentials,
): Promise<string> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    // A failing statement would be logged with its password.
    await client.query(`set log_min_error_statement = 'panic'`);
    const { rows: states } = await client.query<{ version: string; is_replica: boolean }>(
      `select current_setting('server_version') as version, pg_is_in_recovery() as is_replica`,
    );
    const [state] = states;
    // A replica has the roles and databases of its primary.
    if (state?.is_replica) return state.version;
    const wanted = [...new Set(names.flatMap((name) => [ownerOf(name), name]))];
    const roles = await existing(
      client,
      `select rolname as name from pg_roles where rolname = any($1)`,
      wanted,
    );
    for (const name of wanted.filter((name) => !roles.has(name))) {
      const password = escapeLiteral(credentials.passwordOf(name));
      await client.query(`create role ${escapeIdentifier(name)} login password ${password}`);
    }
    const databases = await existing(
      client,
      `select datname as name from pg_database where datname = any($1)`,
      names,
    );
    for (const name of names.filter((name) => !databases.has(name))) {
      await client.query(
        `create database ${escapeIdentifier(name)} owner ${escapeIdentifier(ownerOf(name))}`,
      );
    }
    for (const name of ['postgres', ...names]) {
      await client.query(`revoke all on database ${escapeIdentifier(name)} from public`);
    }
    for (const name of names.filter((name) => ownerOf(name) !== name)) await reassign(client, adminUrl, name);
    return state?.version ?? 'unknown';
  } finally {
    await client.end();
  }
}

/**
 * Reassigns a database, and all that its service owns in it, to its owner role. The service may still enter.
 */
async function reassign(client: Client, adminUrl: string, name: string): Promise<void> {
  const [database, role, owner] = [name, name, ownerOf(name)].map(escapeIdentifier) as [
    string,
    string,
    string,
  ];
  const owned = await existing(
    client,
    `select datname as name from pg_database where datname = any($1) and pg_get_userbyid(datdba) = datname`,
    [name],
  );
  if (owned.has(name)) {
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    const inside = new Client({ connectionString: url.href });
    await inside.connect();
    try {
      await inside.query(`reassign owned by ${role} to ${owner}`);
    } finally {
      await inside.end();
    }
  }
  await client.query(`grant connect, temporary on database ${database} to ${role}`);
}

async function existing(client: Client, query: string, names: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(query, [names]);
  return new Set(rows.map((row) => row.name));
}
