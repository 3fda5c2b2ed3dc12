export { copyIn } from './crowd/copy-in.ts';
export { type CrowdUser, crowdUser } from './crowd/crowd-user.ts';
export { type CrowdOptions, type CrowdResult, writeCrowd } from './crowd/write-crowd.ts';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './postgres/start-embedded-postgres.ts';
export { LOCAL_SETTINGS } from './settings.ts';
