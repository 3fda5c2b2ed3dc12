import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Activity as ActivityMessage,
  ActivitySchema,
  ActivityState as StateMessage,
} from '@rollcall/contract/vendor';
import { invalidField, requireStorable, requireVisible } from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import type { ActivityState, ActivityTerms } from '../activities/activity.ts';
import type { ShownActivity } from '../activities/shown-activity.ts';
import { requirePaths } from './request-fields.ts';

const STATES: Readonly<Record<StateMessage, ActivityState>> = {
  [StateMessage.UNSPECIFIED]: 'DRAFT',
  [StateMessage.DRAFT]: 'DRAFT',
  [StateMessage.PUBLISHED]: 'PUBLISHED',
  [StateMessage.ARCHIVED]: 'ARCHIVED',
};

/** A state that was asked for. Field rules have refused those that the contract does not name. */
export function activityStateFromMessage(state: StateMessage): ActivityState {
  return STATES[state] ?? 'DRAFT';
}

/** What CreateActivity writes. Throws RpcError FIELD_INVALID. */
export function termsFromMessage(activity: ActivityMessage): ActivityTerms {
  return {
    title: titleOf(activity),
    description: requireStorable('activity.description', activity.description),
    price: priceOf(activity),
    durationMinutes: activity.durationMinutes,
    capacity: activity.capacity,
    state: activityStateFromMessage(activity.state),
  };
}

/** What UpdateActivity writes: the fields that the mask names. Throws RpcError FIELD_INVALID. */
export function termsFromMask(activity: ActivityMessage, paths: readonly string[]): Partial<ActivityTerms> {
  const named = requirePaths(paths, [
    'title',
    'description',
    'price',
    'duration_minutes',
    'capacity',
    'state',
  ]);
  const { durationMinutes, capacity, description } = activity;
  return {
    ...(named.has('title') && { title: titleOf(activity) }),
    ...(named.has('description') && {
      description: requireStorable('activity.description', description),
    }),
    ...(named.has('price') && { price: priceOf(activity) }),
    ...(named.has('duration_minutes') && { durationMinutes }),
    ...(named.has('capacity') && { capacity }),
    ...(named.has('state') && { state: requireState(activity) }),
  };
}

/** An activity with its vendor's user as it goes over the wire. */
export function toActivityMessage({ activity, user }: ShownActivity): ActivityMessage {
  return create(ActivitySchema, {
    id: activity.id,
    tenantId: activity.tenantId,
    vendorId: activity.vendorId,
    title: activity.title,
    description: activity.description,
    durationMinutes: activity.durationMinutes,
    capacity: activity.capacity,
    state: StateMessage[activity.state],
    createTime: timestampFromDate(activity.createTime),
    updateTime: timestampFromDate(activity.updateTime),
    ...(activity.price && { price: activity.price }),
    ...(user && { vendorUser: toAttachedUser(user) }),
  });
}

function titleOf({ title }: ActivityMessage): string {
  return requireVisible('activity.title', title);
}

function priceOf({ price }: ActivityMessage): ActivityTerms['price'] {
  if (!price) return null;
  if (price.minorUnits < 0n) throw invalidField('activity.price.minor_units', 'must not be below 0');
  return { currencyCode: price.currencyCode, minorUnits: price.minorUnits };
}

function requireState({ state }: ActivityMessage): ActivityState {
  if (state === StateMessage.UNSPECIFIED)
    throw invalidField('activity.state', 'must be given where update_mask names it');
  return activityStateFromMessage(state);
}
