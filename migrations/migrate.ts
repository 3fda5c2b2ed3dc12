import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { type ConfigOf, createLogger, type Secret, StartupError } from '@rollcall/runtime';
import { installOutbox } from '@rollcall/runtime/outbox';
import { explainDatabaseFault } from '@rollcall/runtime/postgres';
import { createKeyring, type Keyring } from '@rollcall/runtime/sealing';
import pg from 'pg';
import { DATABASES, KEY_SETTINGS, type MigratedDatabase } from './databases.ts';
import { withKeys } from './keyed-migration.ts';

// Any number will do, as long as every migrating process takes the same.
const LOCK = 7_240_518_302;

/** The database has migrations that this version does not know. */
export class TooNewFault extends StartupError {}

// A fault is told as one, and there is nothing else to tell.
const QUIET = createLogger({ service: 'migrate', level: 'silent' });

/** Keys of contact data, as `KEY_SETTINGS` reads them. */
export type MigrationKeys = ConfigOf<typeof KEY_SETTINGS>;

/**
 * Brings a database up to date and answers the names of the migrations that ran; none: it was up to date. Processes that
 * do so at once wait for one another.
 * @throws StartupError where the database is not there or is another service's; TooNewFault where it is newer than this code.
 */
export async function migrate(
  database: MigratedDatabase,
  url: Secret,
  keys: Partial<MigrationKeys> = {},
): Promise<string[]> {
  const lock = new pg.Client({
    connectionString: url.reveal(),
    connectionTimeoutMillis: 5000,
  });
  try {
    await lock.connect();
    await lock.query('select pg_advisory_lock($1)', [LOCK]);
    const applied = await runMigrations(database, url, () => requireKeys(keys));
    if (database.hasOutbox) await installOutbox(url, QUIET);
    return applied;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, database.variable, 'npm run migrate'), {
      cause: error,
    });
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
