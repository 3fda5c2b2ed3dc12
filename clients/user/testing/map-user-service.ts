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

/** The reads of the fake with a hook before each answer, for tests of the client itself: handlers as Connect's router takes them. */
export class MapUserService {
  /** Every BatchGetUsers that came, oldest first. */
  readonly batches: BatchGetUsersRequest[] = [];
  /** Waited for before each answer. Default: nothing. */
  pause: () => Promise<unknown> = async () => {};
  /** Thrown in place of each answer. Default: none. */
  fault: ConnectError | undefined;
  readonly #store = new UserStore();
  readonly #reads = createReadHandlers(this.#store);

  /** Makes or replaces a user: version 1, or one more than before. Answers it. */
  put(tenantId: string, id: string, fields: UserFields = {}): User {
    return toFullView(this.#store.write(toUser(tenantId, id, fields)));
  }

  /**
   * Lets an id answer another user from now on, whatever states they are in. The survivor's fields stay as they are. The loser's
   * address leads to nobody from then on; that of the fake, as of the real service, leads to the survivor.
   */
  merge(tenantId: string, loserId: string, survivorId: string): void {
    const [loser, survivor] = [loserId, survivorId].map((id) => this.#store.current(tenantId, id));
    if (!loser || !survivor) throw new Error(`Tenant ${tenantId} has no users ${loserId} and ${survivorId}.`);
    const kind = UserChangeKind.MERGED;
    this.#store.writeUnchecked(survivor, { kind });
    // The client's model counts whoever an address leads to as shown for the id that had it first; no client can know that id.
    const without = Object.assign(clone(UserSchema, loser), { email: '' });
    this.#store.writeUnchecked(without, { kind, mergedInto: survivor.id });
  }

  getUser = async (request: GetUserRequest) => {
    await this.#begin();
    return this.#reads.getUser(request);
  };

  /** Answers what was true when the request came, however long the answer takes. */
  batchGetUsers = async (request: BatchGetUsersRequest) => {
    this.batches.push(request);
    const answer = this.#reads.batchGetUsers(request);
    await this.#begin();
    return answer;
  };

  /** An id in another system leads to nobody here. */
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
