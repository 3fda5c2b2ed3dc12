import { create } from '@bufbuild/protobuf';
import {
  type Activity as ActivityMessage,
  type ActivityService,
  CreateActivityResponseSchema,
  GetActivityResponseSchema,
  ListActivitiesResponseSchema,
  UpdateActivityResponseSchema,
} from '@rollcall/contract/vendor';
import { type Implementation, pageFromRequest, requireUuid, writeRequest } from '@rollcall/runtime/rpc';
import type { ActivityReads } from '../activities/activity-reads.ts';
import { type CreateActivityPorts, createActivity } from '../activities/create-activity.ts';
import { getActivity } from '../activities/get-activity.ts';
import { listActivities } from '../activities/list-activities.ts';
import { withVendorUser } from '../activities/shown-activity.ts';
import { updateActivity } from '../activities/update-activity.ts';
import {
  activityStateFromMessage,
  termsFromMask,
  termsFromMessage,
  toActivityMessage,
} from './activity-message.ts';

/** What the calls work with. */
export interface ActivityPorts extends CreateActivityPorts {
  readonly reads: ActivityReads;
}

/** The calls of ActivityService. Field rules have made sure of `activity`; the casts rely on it. */
export function activityServiceImplementation(ports: ActivityPorts): Implementation<typeof ActivityService> {
  const { reads, writes, users } = ports;
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
      const shown = await getActivity(reads, users, { tenantId, id: id.toLowerCase(), signal });
      return create(GetActivityResponseSchema, { activity: toActivityMessage(shown) });
    },
    async listActivities(request, { signal }) {
      const states = [...new Set(request.states.map(activityStateFromMessage))].sort();
      const vendorId = request.vendorId.toLowerCase() || null;
      const { page, tokens } = pageFromRequest(request, ['ListActivities', states, vendorId]);
      const { activities, next } = await listActivities(reads, users, { ...page, states, vendorId, signal });
      return create(ListActivitiesResponseSchema, {
        activities: activities.map(toActivityMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async updateActivity({ tenantId, activity: given, updateMask }, { signal }) {
      const activity = given as ActivityMessage;
      const id = requireUuid('activity.id', activity.id);
      const changes = termsFromMask(activity, updateMask?.paths ?? []);
      const changed = await updateActivity(writes, { tenantId, id, changes });
      const [shown] = await withVendorUser(users, [changed], signal);
      return create(UpdateActivityResponseSchema, {
        activity: toActivityMessage(shown ?? { activity: changed, user: undefined }),
      });
    },
  };
}
