import { GetUserRequestSchema, UserView } from '@rollcall/contract/user';
import { type Prepared, requestBytes } from './load.ts';

/** Users that are asked for in turn. */
export const GET_USERS = 20_000;
/** Calls at a time. */
export const GETS_IN_FLIGHT = 128;

/** A GetUser of each of these. An answer is right when it holds the id. `view` is REFERENCE by default. */
export function getRequests(
  tenantId: string,
  ids: readonly string[],
  view: UserView = UserView.REFERENCE,
): Prepared[] {
  return ids.map((id) => ({
    bytes: requestBytes(GetUserRequestSchema, { tenantId, id, view }),
    check: (answer) => {
      if (!answer.includes(id)) throw new Error(`asked for user ${id}, who is not in the answer`);
    },
  }));
}
