import type { MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';

/**
 * A migration of plain statements, each run in order within one transaction.
 * @param name what is written into the database's list of migrations, for ever: the date, then what it brings.
 */
export function sqlMigration(name: string, { up, down }: { up: string[]; down: string[] }): MigrationObject {
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
