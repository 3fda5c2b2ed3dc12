import type { UserAdminService } from '@rollcall/contract/user';
import type { Implementation } from '@rollcall/runtime/rpc';
import { activityCalls } from './activity-calls.ts';
import type { AdminParts } from './admin-calls.ts';
import { erasureCalls } from './erasure-calls.ts';
import { externalIdCalls } from './external-id-calls.ts';
import { lifecycleCalls } from './lifecycle-calls.ts';
import { mergeCalls } from './merge-calls.ts';
import { noteCalls } from './note-calls.ts';
import { searchCalls } from './search-calls.ts';
import { statisticsCalls } from './statistics-calls.ts';
import { tagCalls } from './tag-calls.ts';
import { userCalls } from './user-calls.ts';

/** The calls of UserAdminService, area by area. */
export function userAdminServiceImplementation(parts: AdminParts): Implementation<typeof UserAdminService> {
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
