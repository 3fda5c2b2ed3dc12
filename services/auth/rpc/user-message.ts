import { create, fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Profile,
  ProfileSchema,
  UserRole as RoleMessage,
  UserState as StateMessage,
  type UserStatistics as StatisticsMessage,
  type User as UserMessage,
  UserSchema,
  UserStatisticsSchema,
  UserView as ViewMessage,
} from '@rollcall/contract/user';
import type { UserStatistics } from '../users/statistics.ts';
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
  if (user.profile) init.profile = toProfileMessage(user);
  return create(UserSchema, init);
}

function toProfileMessage({ profile, tags = [], statistics }: User): Profile {
  const message = fromJson(ProfileSchema, profile as JsonValue);
  message.tags = [...tags];
  if (statistics) message.statistics = toStatisticsMessage(statistics);
  return message;
}

function toStatisticsMessage(statistics: UserStatistics): StatisticsMessage {
  const { totalBookings, totalSpent, firstBookingTime, lastBookingTime, lastActivityTime } = statistics;
  return create(UserStatisticsSchema, {
    totalBookings,
    totalSpent: [...totalSpent],
    ...(firstBookingTime && { firstBookingTime: timestampFromDate(firstBookingTime) }),
    ...(lastBookingTime && { lastBookingTime: timestampFromDate(lastBookingTime) }),
    ...(lastActivityTime && { lastActivityTime: timestampFromDate(lastActivityTime) }),
  });
}
