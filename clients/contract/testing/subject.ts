import { type Client, Code, ConnectError } from '@connectrpc/connect';
import type { User, UserAdminService, UserService, UserView } from '../user.ts';

/** The result of reading one id, in any implementation. */
export type ReadOutcome = { readonly found: User } | { readonly missing: true };

/** Options of a read. */
export interface ReadRequest {
  readonly tenantId: string;
  readonly view?: UserView;
  /** Lowest version to return. 0 or absent: any. */
  readonly minVersion?: bigint;
}

/** The reads of every implementation: the service, a fake of it, the cached client. */
export interface ReadSubject {
  /** Reads one user. */
  read(id: string, request: ReadRequest): Promise<ReadOutcome>;
  /** Reads many users. Returns one outcome per id, in order. */
  readMany(ids: readonly string[], request: ReadRequest): Promise<readonly ReadOutcome[]>;
}

/** Clients of the service, over any transport. */
export interface ServiceSubject {
  readonly users: Client<typeof UserService>;
  readonly admin: Client<typeof UserAdminService>;
}

/** A `ReadSubject` over the calls of the service. */
export function readsOverService({ users }: ServiceSubject): ReadSubject {
  return {
    async read(id, { tenantId, view = 0, minVersion = 0n }) {
      try {
        const { user } = await users.getUser({ tenantId, id, view, minVersion });
        return { found: user as User };
      } catch (error) {
        if (ConnectError.from(error).code === Code.NotFound) return { missing: true };
        throw error;
      }
    },
    async readMany(ids, { tenantId, view = 0, minVersion }) {
      const minVersions =
        minVersion === undefined ? {} : Object.fromEntries(ids.map((id) => [id, minVersion]));
      const { outcomes } = await users.batchGetUsers({ tenantId, ids: [...ids], view, minVersions });
      return outcomes.map(({ outcome }) => {
        if (outcome.case === 'user') return { found: outcome.value };
        if (outcome.case === 'missing') return { missing: true };
        throw new Error(`A batch without known versions answered "${outcome.case}".`);
      });
    },
  };
}
