import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Table `users`. */
export const UserEntity = defineEntity({
  name: 'UserEntity',
  tableName: 'users',
  properties: {
    tenantId: p.text().primary(),
    id: p.uuid().primary(),
    version: p.bigint(),
    state: p.text().$type<'ACTIVE' | 'SUSPENDED' | 'DELETED'>(),
    role: p.text().$type<'CUSTOMER' | 'VENDOR' | 'ADMIN'>(),
    firstName: p.text(),
    lastName: p.text(),
    displayName: p.text(),
    profileImage: p.text(),
    businessName: p.text(),
    averageRating: p.double(),
    totalReviews: p.integer(),
    email: p.text(),
    emailKey: p.text().nullable(),
    phone: p.text(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
    deleteTime: p.datetime(3).nullable(),
  },
});

/** A row of `users`. */
export type UserRow = InferEntity<typeof UserEntity>;

/** Table `user_profiles`. */
export const UserProfileEntity = defineEntity({
  name: 'UserProfileEntity',
  tableName: 'user_profiles',
  properties: {
    tenantId: p.text().primary(),
    userId: p.uuid().primary(),
    profile: p.json().$type<Readonly<Record<string, unknown>>>(),
  },
});

/** Table `write_requests`: the writes that were done, so that a repeat is known. */
export const WriteRequestEntity = defineEntity({
  name: 'WriteRequestEntity',
  tableName: 'write_requests',
  properties: {
    tenantId: p.text().primary(),
    requestId: p.uuid().primary(),
    method: p.text(),
    fingerprint: p.blob(),
    userId: p.uuid(),
    createTime: p.datetime(3).onCreate(() => new Date()),
  },
});

/** Every table that the service maps. */
export const ENTITIES = [UserEntity, UserProfileEntity, WriteRequestEntity];
