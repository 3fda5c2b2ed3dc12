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

// A migration may take long, whatever the database's timeout for other sessions.
const NO_TIMEOUT = 'set statement_timeout = 0';

/** The database has migrations that this version does not know. */
export class TooNewFault extends StartupError {}

// Faults are thrown. Nothing else needs a log.
const QUIET = createLogger({ service: 'migrate', level: 'silent' });

/** Keys of contact data, as `KEY_SETTINGS` reads them. */
export type MigrationKeys = ConfigOf<typeof KEY_SETTINGS>;

export interface MigrateOptions extends Partial<MigrationKeys>, Omit<LockOptions, 'variable'> {
  /**
   * Whether the service reaches the database through a pooler: sessions of the pooler then get a statement
   * timeout.
   */
  readonly isPooled?: boolean | undefined;
}

export interface MigrateAsOwnerOptions extends MigrateOptions {
  /** URL of the service. */
  readonly url: Secret;
  /** URL of the owner of the tables. Absent when `url` is the owner. */
  readonly ownerUrl?: Secret | undefined;
}

/**
 * Migrates a database as its owner, then grants the service's role its rights.
 * @returns names of the migrations that ran
 * @throws StartupError as `migrate`, and when the rights cannot be granted
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
 * Migrates a database. Concurrent processes wait for each other.
 * @param url of the database itself; a pooler is refused
 * @returns names of the migrations that ran
 * @throws StartupError when the database is missing, is of another service, or stays locked; TooNewFault when
 * it is newer than this code
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
      // It may never have connected.
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

/** Returns the service that one of the migrations belongs to. */
function ownerOf(names: readonly string[]): string | undefined {
  const owners = Object.entries(DATABASES);
  return owners.find(([, { migrations }]) => migrations.some(({ name }) => names.includes(name)))?.[0];
}
