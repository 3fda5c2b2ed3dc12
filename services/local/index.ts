export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './postgres/start-embedded-postgres.ts';
export { copyIn } from './seed-users/copy-in.ts';
export { type CrowdUser, crowdUser } from './seed-users/seed-user.ts';
export { type CrowdOptions, type CrowdResult, writeCrowd } from './seed-users/write-seed-users.ts';
export { LOCAL_SETTINGS } from './settings.ts';
