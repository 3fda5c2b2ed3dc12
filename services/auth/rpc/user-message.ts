import { create, fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
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

type UserInit = MessageInitShape<typeof UserSchema>;

/** The requested view. Field rules have refused values that the contract does not name. */
export function viewFromMessage(view: ViewMessage): UserView {
  if (view === ViewMessage.FULL) return 'FULL';
  return view === ViewMessage.BASIC ? 'BASIC' : 'REFERENCE';
}

/** The message of a user, with the fields of the view that was read. */
export function toUserMessage(user: User): UserMessage {
  return create(UserSchema, toUserInit(user));
}

/** The initializer of that message. */
export function toUserInit(user: User): UserInit {
  const init: UserInit = {
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
    averageRating: user.averageRating,
    totalReviews: user.totalReviews,
    createTime: toTimestampInit(user.createTime),
    updateTime: toTimestampInit(user.updateTime),
    etag: etagOf(user.version),
  };
  if (user.deleteTime) init.deleteTime = toTimestampInit(user.deleteTime);
  if (user.contact) Object.assign(init, user.contact);
  if (user.profile) init.profile = toProfileMessage(user);
  return init;
}

function toTimestampInit(date: Date): { seconds: bigint; nanos: number } {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - 1000 * seconds) * 1_000_000 };
}

/** The message of a profile. */
export function toProfileMessage({ profile, tags = [], statistics }: User): Profile {
  // A newer process of the service may have written fields that this one does not know.
  const message = fromJson(ProfileSchema, profile as JsonValue, { ignoreUnknownFields: true });
  message.tags = [...tags];
  if (statistics) message.statistics = toStatisticsMessage(statistics);
  return message;
}

function toStatisticsMessage(statistics: UserStatistics): StatisticsMessage {
  const { totalBookings, totalSpent, firstBookingTime, lastBookingTime, lastActivityTime } = statistics;
  return create(UserStatisticsSchema, {
    totalBookings,
    totalSpent: [...totalSpent],
    ...(firstBookingTime && { firstBookingTime: toTimestampInit(firstBookingTime) }),
    ...(lastBookingTime && { lastBookingTime: toTimestampInit(lastBookingTime) }),
    ...(lastActivityTime && { lastActivityTime: toTimestampInit(lastActivityTime) }),
  });
}
