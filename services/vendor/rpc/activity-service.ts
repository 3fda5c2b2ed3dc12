import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Activity as ActivityMessage,
  ActivitySchema,
  type ActivityService,
  CreateActivityResponseSchema,
  GetActivityResponseSchema,
  ListActivitiesResponseSchema,
  ActivityState as StateMessage,
  UpdateActivityResponseSchema,
} from '@rollcall/contract/vendor';
import {
  type Implementation,
  invalidField,
  pageFromRequest,
  requireStorable,
  requireUuid,
  requireVisible,
  writeRequest,
} from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import {
  type ActivityState,
  type ActivityTerms,
  type ActivityWithUser,
  activitiesWithUsers,
} from '../activities/activity.ts';
import {
  type ActivityPorts,
  createActivity,
  getActivity,
  listActivities,
  updateActivity,
} from '../activities/activity-commands.ts';
import { requirePaths } from './request-fields.ts';

/** Implements ActivityService. Field rules guarantee `activity`; the casts rely on it. */
export function activityServiceImplementation(ports: ActivityPorts): Implementation<typeof ActivityService> {
  const { users } = ports;
  return {
    async createActivity({ tenantId, requestId, activity: given }, { signal }) {
      const activity = given as ActivityMessage;
      const vendorId = requireUuid('activity.vendor_id', activity.vendorId);
      const terms = termsFromMessage(activity);
      const write = writeRequest(requestId, { call: 'CreateActivity', vendorId, ...terms });
      const made = await createActivity(ports, { tenantId, vendorId, terms, signal, ...write });
      const { replayed } = made;
      return create(CreateActivityResponseSchema, { activity: toActivityMessage(made), replayed });
    },
    async getActivity({ tenantId, id }, { signal }) {
      const shown = await getActivity(ports, { tenantId, id: id.toLowerCase(), signal });
      return create(GetActivityResponseSchema, { activity: toActivityMessage(shown) });
    },
    async listActivities(request, { signal }) {
      const states = [...new Set(request.states.map(activityStateFromMessage))].sort();
      const vendorId = request.vendorId.toLowerCase() || null;
      const { page, tokens } = pageFromRequest(request, ['ListActivities', states, vendorId]);
      const { rows, next } = await listActivities(ports, { ...page, states, vendorId, signal });
      return create(ListActivitiesResponseSchema, {
        activities: rows.map(toActivityMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async updateActivity({ tenantId, activity: given, updateMask }, { signal }) {
      const activity = given as ActivityMessage;
      const id = requireUuid('activity.id', activity.id);
      const changes = termsFromMask(activity, updateMask?.paths ?? []);
      const changed = await updateActivity(ports, { tenantId, id, changes });
      const [shown] = await activitiesWithUsers(users, [changed], signal);
      return create(UpdateActivityResponseSchema, {
        activity: toActivityMessage(shown ?? { activity: changed, user: undefined }),
      });
    },
  };
}

const STATES: Readonly<Record<StateMessage, ActivityState>> = {
  [StateMessage.UNSPECIFIED]: 'DRAFT',
  [StateMessage.DRAFT]: 'DRAFT',
  [StateMessage.PUBLISHED]: 'PUBLISHED',
  [StateMessage.ARCHIVED]: 'ARCHIVED',
};

/** Field rules refuse states that the contract does not name. */
function activityStateFromMessage(state: StateMessage): ActivityState {
  return STATES[state] ?? 'DRAFT';
}

/**
 * Reads the fields of CreateActivity.
 * @throws RpcError FIELD_INVALID
 */
function termsFromMessage(activity: ActivityMessage): ActivityTerms {
  return {
    title: titleOf(activity),
    description: requireStorable('activity.description', activity.description),
    price: priceOf(activity),
    durationMinutes: activity.durationMinutes,
    capacity: activity.capacity,
    state: activityStateFromMessage(activity.state),
  };
}

const WRITABLE_FIELDS = ['title', 'description', 'price', 'duration_minutes', 'capacity', 'state'] as const;

/**
 * Reads the fields of UpdateActivity that the mask names.
 * @throws RpcError FIELD_INVALID
 */
function termsFromMask(activity: ActivityMessage, paths: readonly string[]): Partial<ActivityTerms> {
  const named = requirePaths(paths, WRITABLE_FIELDS);
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

function toActivityMessage({ activity, user }: ActivityWithUser): ActivityMessage {
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
