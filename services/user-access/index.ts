// Public API of @rollcall/user-access: a service without a users table uses the users of the user service.

export { inheritDeadline, inheritSeenVersions } from './caller-context.ts';
export {
  connectUserAccess,
  type UserAccess,
  type UserAccessOptions,
} from './connect-user-access.ts';
export type { ErasedRows, ErasedUser } from './erasures/erased-rows.ts';
export {
  type ErasureFollower,
  type FollowErasuresOptions,
  followErasures,
} from './erasures/follow-erasures.ts';
export { type FollowMergesOptions, followMerges, type MergeFollower } from './merges/follow-merges.ts';
export type { UserColumn } from './merges/stored-users.ts';
export { createUserAliases, type UserAliases } from './merges/user-aliases.ts';
export {
  type ActivityJob,
  activityJob,
  statisticsJob,
  type UserActivity,
  type UserOfTenant,
} from './outbox/user-jobs.ts';
export { type UserStatistics, type UserTasksOptions, userTasks } from './outbox/user-tasks.ts';
export { type UserAccessConfig, type UserAccessOwner, userAccessSettings } from './settings.ts';
export {
  type ActiveCheck,
  checkActive,
  type NotActive,
  type Refusal,
  refusalOf,
} from './users/check-active.ts';
export type { ShownUser, ShownUserView, Users } from './users/users.ts';
export {
  toAttachedUser,
  type UserIdOf,
  type WithUsers,
  type WithUsersOptions,
  withUsers,
} from './users/users.ts';
