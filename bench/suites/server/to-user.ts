import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type User, UserRole, UserSchema, UserState } from '@rollcall/contract/user';

/** Maps a row of `users` to the message of the REFERENCE view. */
// biome-ignore lint/suspicious/noExplicitAny: a row of any shape
export function toUser(row: any): User {
  return create(UserSchema, {
    id: row.id,
    tenantId: row.tenant_id,
    version: BigInt(row.version),
    state: UserState[row.state as keyof typeof UserState],
    role: UserRole[row.role as keyof typeof UserRole],
    firstName: row.first_name,
    lastName: row.last_name,
    displayName: row.display_name,
    profileImage: row.profile_image,
    businessName: row.business_name,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
    ...(row.delete_time && { deleteTime: timestampFromDate(row.delete_time) }),
    etag: `v${row.version}`,
  });
}
