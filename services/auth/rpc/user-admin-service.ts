import type { UserAdminService } from '@rollcall/contract/user';
import type { Implementation } from '@rollcall/runtime/rpc';
import type { AdminDependencies } from './admin-calls.ts';
import { erasureCalls } from './erasure-calls.ts';
import { mergeCalls } from './merge-calls.ts';
import { externalIdCalls, statisticsCalls } from './record-calls.ts';
import { searchCalls } from './search-calls.ts';
import { activityCalls, noteCalls } from './timeline-calls.ts';
import { lifecycleCalls, tagCalls, userCalls } from './user-calls.ts';

/** Implements UserAdminService from the calls of its areas. */
export function userAdminServiceImplementation(
  parts: AdminDependencies,
): Implementation<typeof UserAdminService> {
  return {
    ...userCalls(parts),
    ...searchCalls(parts),
    ...lifecycleCalls(parts),
    ...erasureCalls(parts),
    ...externalIdCalls(parts),
    ...noteCalls(parts),
    ...tagCalls(parts),
    ...activityCalls(parts),
    ...statisticsCalls(parts),
    ...mergeCalls(parts),
  };
}
