import { readdirSync, readFileSync } from 'node:fs';
import type { MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import type { Keyring } from '@rollcall/runtime/sealing';

/** A migration that seals or opens stored data. */
export interface KeyedMigration {
  /** Name in the database's list of migrations. It never changes. */
  readonly name: string;
  /**
   * @param readKeys called when there is data to convert; throws StartupError when the settings have no keys
   */
  withKeys(readKeys: () => Keyring): MigrationObject;
}

/** A migration with or without keys. */
export type DatabaseMigration = MigrationObject | KeyedMigration;

/** Gives keys to the migrations that take them. */
export function withKeys(
  migrations: readonly DatabaseMigration[],
  readKeys: () => Keyring,
): MigrationObject[] {
  return migrations.map((each) => ('withKeys' in each ? each.withKeys(readKeys) : each));
}

/**
 * Creates a migration of plain statements, which run in order within one transaction.
 * @param name in the database's list of migrations; it never changes
 */
export function sqlMigration(
  name: string,
  { up, down }: { up: readonly string[]; down: readonly string[] },
): MigrationObject {
  class SqlMigration extends Migration {
    override up(): void {
      for (const statement of up) this.addSql(statement);
    }

    override down(): void {
      for (const statement of down) this.addSql(statement);
    }
  }
  return { name, class: SqlMigration };
}

const FILE = /^(\d{4})-[a-z0-9-]+\.(?:sql|ts)$/;

/**
 * Reads the migrations of one service in the order of their file names.
 *
 * `0001-users.sql` holds statements (see `parseSql`). `0003-seal-contact.ts` computes, and exports
 * `migration`.
 * @throws Error when a number is missing or taken twice, or two files have one name
 */
export async function readMigrations(folder: URL): Promise<readonly DatabaseMigration[]> {
  const files = readdirSync(folder).filter((file) => FILE.test(file));
  const migrations: DatabaseMigration[] = [];
  for (const [index, file] of files.sort().entries()) {
    if (Number(FILE.exec(file)?.[1]) !== index + 1)
      throw new Error(`${folder.pathname}${file}: number ${index + 1} is missing or taken twice`);
    migrations.push(await readMigration(new URL(file, folder)));
  }
  const names = migrations.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${folder.pathname} has the migration ${twice} twice`);
  return migrations;
}

async function readMigration(file: URL): Promise<DatabaseMigration> {
  if (file.pathname.endsWith('.ts')) return (await import(file.href)).migration;
  const { name, up, down } = parseSql(readFileSync(file, 'utf8'), file.pathname);
  return sqlMigration(name, { up: [up], down: down ? [down] : [] });
}

/**
 * Splits the text of an SQL file: a first line `-- name: 2026-11-20-users` with the name in the database's
 * list, the statements, a line `-- down`, and the statements that take them back.
 * @throws Error when one of the two lines is missing
 */
export function parseSql(text: string, path: string): { name: string; up: string; down: string } {
  const [, name, up, down] = /^-- name: (\S+)\n(.*?)^-- down\n(.*)$/ms.exec(text) ?? [];
  if (name === undefined || up === undefined || down === undefined)
    throw new Error(`${path} needs a first line "-- name: NAME" and a line "-- down"`);
  return { name, up: up.trim(), down: down.trim() };
}
