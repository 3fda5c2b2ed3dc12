import type { MigrationObject } from '@mikro-orm/core';
import { sqlMigration } from './sql-migration.ts';

/**
 * What `@rollcall/user-access` keeps in the database of a service: up to where statistics were told, who was merged into whom,
 * and how far the change feed was followed. Ids only; nothing here says who anybody is.
 * @param service whose database: `booking`
 */
export function userAccessMigration(service: string): MigrationObject {
  return sqlMigration(`2026-11-20-${service}-user-access`, {
    up: [
      `create table told_statistics (
        tenant_id text not null,
        user_id uuid not null,
        revision bigint not null,
        primary key (tenant_id, user_id)
      )`,
      `create table user_aliases (
        tenant_id text not null,
        user_id uuid not null,
        survivor_id uuid not null,
        primary key (tenant_id, user_id),
        check (user_id <> survivor_id)
      )`,
      `create index user_aliases_survivor on user_aliases (tenant_id, survivor_id)`,
      `create table user_feed_tenants (
        tenant_id text primary key
      )`,
      // One row: the feed has one order for all tenants.
      `create table user_feed (
        is_only boolean primary key default true check (is_only),
        cursor text not null
      )`,
    ],
    down: ['told_statistics', 'user_aliases', 'user_feed_tenants', 'user_feed'].map(
      (table) => `drop table ${table}`,
    ),
  });
}

/**
 * Users who were erased, and whose rows the service has cleared. `erase_time`: of the erasure at the owner. Ids only.
 * @param service whose database: `booking`
 */
export function erasedUsersMigration(service: string): MigrationObject {
  return sqlMigration(`2026-12-02-${service}-erased-users`, {
    up: [
      `create table erased_users (
        tenant_id text not null,
        user_id uuid not null,
        erase_time timestamptz(3) not null,
        clear_time timestamptz(3) not null default clock_timestamp(),
        primary key (tenant_id, user_id)
      )`,
      `create index erased_users_time on erased_users (erase_time)`,
    ],
    down: [`drop table erased_users`],
  });
}
