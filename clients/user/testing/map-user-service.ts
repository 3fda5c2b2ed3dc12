import { clone } from '@bufbuild/protobuf';
import type { ConnectError } from '@connectrpc/connect';
import {
  type BatchGetUsersRequest,
  type GetUserRequest,
  type ResolveUsersRequest,
  type User,
  UserChangeKind,
  UserSchema,
} from '@rollcall/contract/user';
import { toFullView, toUser, type UserFields, UserStore } from './fake/model/user-store.ts';
import { createReadHandlers } from './fake/reads.ts';

export { refusal } from './fake/model/refusal.ts';

/**
 * The reads of the fake with a hook before each response, for tests of the client itself. Its members are
 * handlers as Connect's router takes them.
 */
export class MapUserService {
  /** All BatchGetUsers requests, oldest first. */
  readonly batches: BatchGetUsersRequest[] = [];
  /** Awaited before each response. */
  pause: () => Promise<unknown> = async () => {};
  /** Thrown in place of each response. Undefined: none. */
  fault: ConnectError | undefined;
  readonly #store = new UserStore();
  readonly #reads = createReadHandlers(this.#store);

  /** Creates or replaces a user with the next version, and returns it. */
  put(tenantId: string, id: string, fields: UserFields = {}): User {
    return toFullView(this.#store.write(toUser(tenantId, id, fields)));
  }

  /**
   * Merges the loser into the survivor, in any state. The fields of the survivor stay as they are. Unlike the
   * service, it leads the address of the loser to no user.
   */
  merge(tenantId: string, loserId: string, survivorId: string): void {
    const [loser, survivor] = [loserId, survivorId].map((id) => this.#store.current(tenantId, id));
    if (!loser || !survivor) throw new Error(`Tenant ${tenantId} has no users ${loserId} and ${survivorId}.`);
    const kind = UserChangeKind.MERGED;
    this.#store.writeUnchecked(survivor, { kind });
    // The model of the client counts the user of an address as shown for the first id that had it, which no
    // client can know.
    const without = Object.assign(clone(UserSchema, loser), { email: '' });
    this.#store.writeUnchecked(without, { kind, mergedInto: survivor.id });
  }

  getUser = async (request: GetUserRequest) => {
    await this.#begin();
    return this.#reads.getUser(request);
  };

  /** Responds with the state at the time of the request, however long the response takes. */
  batchGetUsers = async (request: BatchGetUsersRequest) => {
    this.batches.push(request);
    const answer = this.#reads.batchGetUsers(request);
    await this.#begin();
    return answer;
  };

  /** Finds no user by an external id. */
  resolveUsers = async (request: ResolveUsersRequest) => {
    await this.#begin();
    const outcomes = request.keys.map((key) => {
      if (key.key.case !== 'email') return { key, outcome: { case: 'missing' as const, value: {} } };
      return this.#reads.resolveUsers({ ...request, keys: [key] }).outcomes[0] ?? { key };
    });
    return { outcomes };
  };

  async #begin(): Promise<void> {
    const { fault } = this;
    await this.pause();
    if (fault !== undefined) throw fault;
  }
}
