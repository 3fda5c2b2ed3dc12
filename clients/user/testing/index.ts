// The door of @rollcall/user-client/testing: a user service in memory, for tests of those who call one.
export {
  createFakeUserService,
  type FakeBackup,
  type FakeUserService,
  type FakeUsers,
  type UserFields,
} from './fake-user-service.ts';
