export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './postgres/start-embedded-postgres.ts';
export { copyIn } from './seed-users/copy-in.ts';
export { type SeedUser, seedUser } from './seed-users/seed-user.ts';
export { type SeedOptions, type SeedResult, writeSeedUsers } from './seed-users/write-seed-users.ts';
export { LOCAL_SETTINGS } from './settings.ts';
