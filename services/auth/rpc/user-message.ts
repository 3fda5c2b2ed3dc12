import { create, fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  ProfileSchema,
  UserRole as RoleMessage,
  UserState as StateMessage,
  type User as UserMessage,
  UserSchema,
  UserView as ViewMessage,
} from '@rollcall/contract/user';
import { etagOf, shownName, type User, type UserView } from '../users/user.ts';

/** The view that was asked for. Field rules have refused values that the contract does not name. */
export function viewFromMessage(view: ViewMessage): UserView {
  if (view === ViewMessage.FULL) return 'FULL';
  return view === ViewMessage.BASIC ? 'BASIC' : 'REFERENCE';
}

/** A user as it goes over the wire, with as much as was read of it. */
export function toUserMessage(user: User): UserMessage {
  const init: MessageInitShape<typeof UserSchema> = {
    id: user.id,
    tenantId: user.tenantId,
    version: user.version,
    state: StateMessage[user.state],
    role: RoleMessage[user.role],
    firstName: user.firstName,
    lastName: user.lastName,
    displayName: shownName(user),
    profileImage: user.profileImage,
    businessName: user.businessName,
    createTime: timestampFromDate(user.createTime),
    updateTime: timestampFromDate(user.updateTime),
    etag: etagOf(user.version),
  };
  if (user.deleteTime) init.deleteTime = timestampFromDate(user.deleteTime);
  if (user.contact) Object.assign(init, user.contact);
  if (user.profile) init.profile = fromJson(ProfileSchema, user.profile as JsonValue);
  return create(UserSchema, init);
}
