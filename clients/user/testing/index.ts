// Public API of @rollcall/user-client/testing: a user service in memory, for tests of its callers.
export {
  createFakeUserService,
  type FakeBackup,
  type FakeUserService,
  type FakeUsers,
  type UserFields,
} from './fake-user-service.ts';
