import type { MigrationObject } from '@mikro-orm/core';
import type { Keyring } from '@rollcall/runtime/sealing';

/** A migration that seals or opens what is in the database. */
export interface KeyedMigration {
  readonly name: string;
  /** @param readKeys throws StartupError where the settings hold no keys; asked only once there is something to convert. */
  withKeys(readKeys: () => Keyring): MigrationObject;
}

/** Any migration. */
export type DatabaseMigration = MigrationObject | KeyedMigration;

/** Gives keys to the migrations that take them. */
export function withKeys(
  migrations: readonly DatabaseMigration[],
  readKeys: () => Keyring,
): MigrationObject[] {
  return migrations.map((each) => ('withKeys' in each ? each.withKeys(readKeys) : each));
}
