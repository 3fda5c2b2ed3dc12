import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { type ConfigOf, createLogger, type Secret, StartupError } from '@rollcall/runtime';
import { installOutbox } from '@rollcall/runtime/outbox';
import { explainDatabaseFault, requireDirect } from '@rollcall/runtime/postgres';
import { createKeyring, type Keyring } from '@rollcall/runtime/sealing';
import pg from 'pg';
import { DATABASES, KEY_SETTINGS, type MigratedDatabase } from './databases.ts';
import { type LockOptions, takeMigrationLock } from './lib/migration-lock.ts';
import { withKeys } from './lib/migrations.ts';
import { closeIdleSessions, setPooledTimeout } from './lib/pooled-timeout.ts';
import { grantServiceRights, roleOf } from './lib/service-rights.ts';

// A migration takes as long as it takes, whatever the database says of other sessions.
const NO_TIMEOUT = 'set statement_timeout = 0';

/** The database has migrations that this version does not know. */
export class TooNewFault extends StartupError {}

// A fault is told as one, and there is nothing else to tell.
const QUIET = createLogger({ service: 'migrate', level: 'silent' });

/** Keys of contact data, as `KEY_SETTINGS` reads them. */
export type MigrationKeys = ConfigOf<typeof KEY_SETTINGS>;

/** What a migration needs beside the database. */
export interface MigrateOptions extends Partial<MigrationKeys>, Omit<LockOptions, 'variable'> {
  /**
   * Whether the service reaches the database through a pooler: sessions of the pooler then get a statement
   * timeout.
   */
  readonly isPooled?: boolean | undefined;
}

/** What a migration of a database needs that another role than the service's may own. */
export interface MigrateAsOwnerOptions extends MigrateOptions {
  /** As the service has it. */
  readonly url: Secret;
  /** As the role that owns the tables. Absent: `url` is that. */
  readonly ownerUrl?: Secret | undefined;
}

/**
 * Brings a database up to date as its owner, then gives the service's role its rights where that is another
 * one.
 * @returns names of the migrations that ran.
 * @throws StartupError as `migrate` does, and where the role cannot have its rights.
 */
export async function migrateAsOwner(
  database: MigratedDatabase,
  { url, ownerUrl, ...options }: MigrateAsOwnerOptions,
): Promise<string[]> {
  const { owner } = database;
  if (!ownerUrl || !owner) return await migrate(database, url, options);
  const applied = await migrate({ ...database, variable: owner.variable }, ownerUrl, options);
  const role = roleOf(url);
  if (role === roleOf(ownerUrl)) return applied;
  await grantServiceRights(ownerUrl, role, owner.rights);
  // The owner may not close sessions of the service's role, and a pooler keeps those that have no timeout
  // yet.
  if (options.isPooled && database.variable.endsWith('_DIRECT_URL')) await closeIdleSessions(url.reveal());
  return applied;
}

/**
 * Brings a database up to date and answers the names of the migrations that ran; none: it was up to date.
 * Processes that do so at once wait for one another.
 * @param url the database itself: a pooler is refused.
 * @throws StartupError where the database is not there, is another service's, or stays locked; TooNewFault
 * where it is newer than this code.
 */
export async function migrate(
  database: MigratedDatabase,
  url: Secret,
  options: MigrateOptions = {},
): Promise<string[]> {
  const { variable, statementTimeoutMs: timeoutMs } = database;
  const lock = new pg.Client({ connectionString: url.reveal(), connectionTimeoutMillis: 5000 });
  try {
    await requireDirect(url, variable);
    await lock.connect();
    await lock.query(NO_TIMEOUT);
    await takeMigrationLock(lock, { ...options, variable });
    const applied = await runMigrations(database, url, () => requireKeys(options));
    if (database.hasOutbox) await installOutbox(url, QUIET);
    if (options.isPooled) await setPooledTimeout({ url: url.reveal(), timeoutMs, variable });
    return applied;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, variable, 'npm run migrate'), { cause: error });
  } finally {
    await lock.end().catch(() => {
      // A connection that never came about has nothing to give back.
    });
  }
}

function requireKeys({ encryptionKeys, indexKeys }: Partial<MigrationKeys>): Keyring {
  if (encryptionKeys && indexKeys) return createKeyring({ encryptionKeys, indexKeys });
  const { encryptionKeys: encryption, indexKeys: index } = KEY_SETTINGS;
  throw new StartupError(
    `Contact data are to be sealed, and ${encryption.variable} and ${index.variable} are not both set: give them the keys that the auth service has, each of the form id:base64; echo "k1:$(openssl rand -base64 32)" makes one`,
  );
}

async function runMigrations(
  { variable, migrations }: MigratedDatabase,
  url: Secret,
  readKeys: () => Keyring,
): Promise<string[]> {
  const orm = new MikroORM({
    driver: PostgreSqlDriver,
    clientUrl: url.reveal(),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: withKeys(migrations, readKeys),
      snapshot: false,
      allOrNothing: true,
    },
    pool: { min: 0, max: 2 },
    driverOptions: { onConnect: (client: pg.ClientBase) => client.query(NO_TIMEOUT) },
  });
  try {
    const known = new Set(migrations.map(({ name }) => name));
    const executed = (await orm.migrator.getExecuted()).map(({ name }) => name);
    const unknown = executed.filter((name) => !known.has(name));
    const owner = ownerOf(unknown);
    if (owner) {
      throw new StartupError(
        `${variable} leads to the database of the ${owner} service: give each service one of its own`,
      );
    }
    if (unknown.length > 0) {
      throw new TooNewFault(
        `The database of ${variable} is too new: it has ${unknown.join(', ')}, which this version does not know. Run the newer version, or set ${variable} to another database`,
      );
    }
    return (await orm.migrator.up()).map(({ name }) => name);
  } finally {
    await orm.close(true);
  }
}

/** The other service, if any, that a migration belongs to. */
function ownerOf(names: readonly string[]): string | undefined {
  const owners = Object.entries(DATABASES);
  return owners.find(([, { migrations }]) => migrations.some(({ name }) => names.includes(name)))?.[0];
}
