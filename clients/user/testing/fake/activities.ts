import { clone, type JsonObject } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type Activity,
  ActivitySchema,
  RecordActivityRequestSchema,
  type UserAdminService,
} from '@rollcall/contract/user';
import type { Remember } from './idempotency.ts';
import { requireNotErased, requireUser } from './lifecycle.ts';
import { newId } from './model/new-id.ts';
import { invalidField } from './model/refusal.ts';
import { keptMoment } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';
import { requireStorableText } from './user-fields.ts';

const MAX_ATTRIBUTES_BYTES = 16 * 1024;

/** RecordActivity over a store. */
export function activitiesOf(
  store: UserStore,
  remember: Remember,
): Pick<ServiceImpl<typeof UserAdminService>, 'recordActivity'> {
  return {
    recordActivity(request) {
      const activity = checked(request.activity as Activity);
      const user = requireUser(store, request);
      remember(RecordActivityRequestSchema, request, () => {
        requireNotErased(store, user);
        store.activities.put(user, newId(), { activity, recordTime: store.now() });
      });
      return {};
    },
  };
}

function checked(given: Activity): Activity {
  const activity = clone(ActivitySchema, given);
  const time = keptMoment('activity.time', given.time as Timestamp);
  requireStorableText('activity.summary', given.summary);
  if (given.attributes) requireKeepable(given.attributes);
  return Object.assign(activity, { time });
}

function requireKeepable(attributes: JsonObject): void {
  const text = JSON.stringify(attributes, (key, value) => {
    for (const each of [key, value])
      if (typeof each === 'string') requireStorableText('activity.attributes', each);
    return value;
  });
  if (Buffer.byteLength(text) <= MAX_ATTRIBUTES_BYTES) return;
  throw invalidField('activity.attributes', `must not take more than ${MAX_ATTRIBUTES_BYTES} bytes as JSON`);
}
