import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  type User,
  UserChangeKind,
  UserRole,
  UserSchema,
  UserState,
  UserView,
} from '@rollcall/contract/user';
import { ChangeLog } from './change-log.ts';
import { ExternalIds } from './external-id-map.ts';
import { refusal, userNotFound } from './refusal.ts';
import { emailKey, toView } from './views.ts';

/** Fields of a user as a test gives them. What is left out is empty, ACTIVE, CUSTOMER. */
export type UserFields = Extract<MessageInitShape<typeof UserSchema>, { $typeName?: never }>;

/** A user, or the id that answers in its place. */
type Row = User | { readonly mergedInto: string };

/** Users in a Map, by tenant and id. Every write counts the version up and is told to the change log. */
export class UserStore {
  readonly changes = new ChangeLog();
  readonly external = new ExternalIds();
  readonly #erased = new Set<string>();
  readonly #rows = new Map<string, Row>();
  #shown: ReadonlyMap<string, Row> = this.#rows;
  #latestNanos = 0n;

  /** The user as readers see it, stored form: `displayName` as it was given. */
  read(tenantId: string, id: string): User | undefined {
    return find(this.#shown, tenantId, id);
  }

  /** Everyone of a tenant as readers see them. */
  readAll(tenantId: string): User[] {
    return [...this.#shown.values()].filter(
      (row): row is User => !('mergedInto' in row) && row.tenantId === tenantId,
    );
  }

  /** The user as writers see it. */
  current(tenantId: string, id: string): User | undefined {
    return find(this.#rows, tenantId, id);
  }

  /** Whether nothing but the tombstone is left of a user. */
  isErased({ tenantId, id }: User): boolean {
    return this.#erased.has(toKey(tenantId, id));
  }

  /**
   * Keeps a user under its tenant and id: version and times are given here, unless `version` is. `kind`: what is announced,
   * where the states before and after do not tell.
   */
  write(user: User, version?: bigint, kind?: UserChangeKind): User {
    this.#requireFreeEmail(user);
    const { tenantId, id } = user;
    const before = this.current(tenantId, id);
    const now = this.#now();
    const kept = clone(UserSchema, user);
    kept.version = version ?? (before?.version ?? 0n) + 1n;
    kept.createTime = before?.createTime ?? user.createTime ?? now;
    kept.updateTime = now;
    if (kept.state === UserState.DELETED) kept.deleteTime ??= now;
    else delete kept.deleteTime;
    this.#rows.set(toKey(tenantId, id), kept);
    this.changes.append({ tenantId, id, version: kept.version, kind: kind ?? kindOf(before, kept) });
    if (kind === UserChangeKind.ERASED) {
      this.#erased.add(toKey(tenantId, id));
      for (const externalId of this.external.of(kept)) this.external.unlink(tenantId, externalId);
    }
    return kept;
  }

  /** Lets `loserId` answer the survivor from now on. Throws where one of them is unknown. */
  merge(tenantId: string, loserId: string, survivorId: string): void {
    const [loser, survivor] = [loserId, survivorId].map((id) => {
      const user = this.current(tenantId, id);
      if (user === undefined) throw userNotFound(tenantId, id);
      return user;
    }) as [User, User];
    if (loser.id === survivor.id)
      throw refusal(
        Code.FailedPrecondition,
        'MERGE_REFUSED',
        `User ${loserId} cannot be merged into itself.`,
      );
    this.#rows.set(toKey(tenantId, loser.id), { mergedInto: survivor.id });
    const kind = UserChangeKind.MERGED;
    this.changes.append({ tenantId, id: loser.id, version: loser.version + 1n, kind });
    const kept = Object.assign(clone(UserSchema, survivor), { version: survivor.version + 1n });
    this.#rows.set(toKey(tenantId, kept.id), kept);
    this.changes.append({ tenantId, id: kept.id, version: kept.version, kind });
  }

  /** Readers go on seeing what is true now, whatever is written from now on. */
  holdReaders(): void {
    this.#shown = new Map(this.#rows);
  }

  /** Readers see what is true. */
  releaseReaders(): void {
    this.#shown = this.#rows;
  }

  #requireFreeEmail({ tenantId, id, email, state }: User): void {
    const key = emailKey(email);
    if (key === '' || state === UserState.DELETED) return;
    const taken = [...this.#rows.values()].some(
      (row) => !('mergedInto' in row) && row.tenantId === tenantId && row.id !== id && holds(row, key),
    );
    if (taken)
      throw refusal(
        Code.AlreadyExists,
        'EMAIL_TAKEN',
        `Another user of tenant ${tenantId} has this e-mail address.`,
      );
  }

  /** Never the same moment twice, so that a list by time has one order. */
  #now(): Timestamp {
    const clock = BigInt(Date.now()) * 1_000_000n;
    this.#latestNanos = clock > this.#latestNanos ? clock : this.#latestNanos + 1n;
    return create(TimestampSchema, {
      seconds: this.#latestNanos / 1_000_000_000n,
      nanos: Number(this.#latestNanos % 1_000_000_000n),
    });
  }
}

/** Whether a user has this address; a deleted one has none. */
export function holds(user: User, key: string): boolean {
  return user.state !== UserState.DELETED && emailKey(user.email) === key;
}

/** A user of a tenant from fields. */
export function toUser(tenantId: string, id: string, fields: UserFields): User {
  const { state = UserState.ACTIVE, role = UserRole.CUSTOMER } = fields;
  return create(UserSchema, { ...fields, state, role, tenantId, id: id.toLowerCase() });
}

/** The whole user, as a write answers it. */
export function inFull(user: User): User {
  return toView(user, UserView.FULL);
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id.toLowerCase()}`;
}

function find(rows: ReadonlyMap<string, Row>, tenantId: string, id: string): User | undefined {
  const row = rows.get(toKey(tenantId, id));
  return row !== undefined && 'mergedInto' in row ? find(rows, tenantId, row.mergedInto) : row;
}

function kindOf(before: User | undefined, after: User): UserChangeKind {
  if (before === undefined) return UserChangeKind.CREATED;
  const [was, is] = [before, after].map(({ state }) => state === UserState.DELETED);
  if (was === is) return UserChangeKind.UPDATED;
  return is ? UserChangeKind.DELETED : UserChangeKind.UNDELETED;
}
