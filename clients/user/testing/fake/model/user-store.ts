import { randomUUID } from 'node:crypto';
import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  type Activity,
  type Note,
  type User,
  UserChangeKind,
  UserRole,
  UserSchema,
  UserState,
  UserView,
} from '@rollcall/contract/user';
import { ChangeLog } from './change-log.ts';
import { MergeLog } from './merge-log.ts';
import { refusal } from './refusal.ts';
import { ExternalIds, type Owner, RelatedRecords } from './related-records.ts';
import { ReportedStatistics } from './statistics.ts';
import { emailKey, touchedViews, toView } from './views.ts';

/** Fields of a user in a test. Absent fields are empty, the state ACTIVE and the role CUSTOMER. */
export type UserFields = Extract<MessageInitShape<typeof UserSchema>, { $typeName?: never }>;

/** A user, and whether a merge replaced it. */
export interface UserRow {
  readonly user: User;
  /** The id of the survivor. Undefined: the user is not merged. */
  readonly mergedInto?: string | undefined;
}

/** The users of a fake at one time. */
export interface FakeBackup {
  readonly rows: ReadonlyMap<string, UserRow>;
}

/** Options of a write. */
interface WriteOptions {
  /** The version. Absent: the next one. */
  readonly version?: bigint | undefined;
  /** The kind of the change. Absent: it follows from the states before and after. */
  readonly kind?: UserChangeKind | undefined;
  /** The new survivor; null: none. Absent: as before. */
  readonly mergedInto?: string | null;
}

/** An activity and the time of its record. */
interface RecordedActivity {
  readonly activity: Activity;
  readonly recordTime: Timestamp;
}

/** Users in memory, by tenant and id. Each write creates a version and a change in the log. */
export class UserStore {
  readonly changes = new ChangeLog();
  readonly externalIds = new ExternalIds();
  readonly notes = new RelatedRecords<Note>();
  readonly activities = new RelatedRecords<RecordedActivity>();
  readonly statistics = new ReportedStatistics();
  readonly merges = new MergeLog();
  readonly #erased = new Set<string>();
  readonly #rows = new Map<string, UserRow>();
  #readable: ReadonlyMap<string, UserRow> = this.#rows;
  #latestNanos = 0n;

  /** The user as reads see it. `displayName` is as given. */
  read(tenantId: string, id: string): User | undefined {
    return find(this.#readable, tenantId, id);
  }

  /** All users of a tenant as reads see them, without merged ones. */
  readAll(tenantId: string): User[] {
    return [...this.#readable.values()]
      .filter(({ user, mergedInto }) => user.tenantId === tenantId && mergedInto === undefined)
      .map(({ user }) => user);
  }

  /** The user of an address as reads see it. The address of a merged user leads to its survivor. */
  readByEmail(tenantId: string, key: string): User | undefined {
    const row = [...this.#readable.values()].find(
      ({ user }) => user.tenantId === tenantId && hasEmail(user, key),
    );
    const found = row && this.read(tenantId, row.user.id);
    return found?.state === UserState.DELETED ? undefined : found;
  }

  /** The user as writes see it. */
  current(tenantId: string, id: string): User | undefined {
    return find(this.#rows, tenantId, id);
  }

  /** The stored user, even when it is merged. */
  row(tenantId: string, id: string): UserRow | undefined {
    return this.#rows.get(toKey(tenantId, id));
  }

  /** A user and all users merged into it, at any depth. */
  mergeGroupOf({ tenantId, id }: Owner): Owner[] {
    const merged = [...this.#rows.values()].filter(
      (row) => row.user.tenantId === tenantId && row.mergedInto === id,
    );
    return [{ tenantId, id }, ...merged.flatMap(({ user }) => this.mergeGroupOf(user))];
  }

  /** Whether only a tombstone is left of a user. */
  isErased({ tenantId, id }: Owner): boolean {
    return this.#erased.has(toKey(tenantId, id));
  }

  /**
   * Stores a user with the next version and its times.
   * @throws ConnectError EMAIL_TAKEN
   */
  write(user: User, keeping: WriteOptions = {}): User {
    this.requireFreeEmail(user, [user.id]);
    return this.writeUnchecked(user, keeping);
  }

  /** Stores a user without the check of its address. */
  writeUnchecked(user: User, { version, kind, mergedInto }: WriteOptions): User {
    const { tenantId, id } = user;
    const before = this.row(tenantId, id);
    const now = this.now();
    const kept = clone(UserSchema, user);
    kept.version = version ?? (before?.user.version ?? 0n) + 1n;
    kept.createTime = before?.user.createTime ?? user.createTime ?? now;
    kept.updateTime = now;
    if (kept.state === UserState.DELETED) kept.deleteTime ??= now;
    else delete kept.deleteTime;
    const survivorId = mergedInto === undefined ? before?.mergedInto : (mergedInto ?? undefined);
    this.#rows.set(toKey(tenantId, id), { user: kept, mergedInto: survivorId });
    // An erasure, or a change of the survivor, shows in every view.
    const showsEverywhere = kind === UserChangeKind.ERASED || before?.mergedInto !== survivorId;
    this.changes.append({
      tenantId,
      id,
      version: kept.version,
      kind: kind ?? kindOf(before?.user, kept),
      touchedViews: touchedViews(showsEverywhere ? undefined : before?.user, kept),
    });
    if (kind === UserChangeKind.ERASED) this.#erased.add(toKey(tenantId, id));
    return kept;
  }

  /**
   * Checks the address of a user. A merged user keeps its own.
   * @throws ConnectError EMAIL_TAKEN when a user other than `ids` has it
   */
  requireFreeEmail({ tenantId, email, state }: User, ids: readonly string[]): void {
    const key = emailKey(email);
    if (key === '' || state === UserState.DELETED) return;
    const taken = [...this.#rows.values()].some(
      ({ user }) => user.tenantId === tenantId && !ids.includes(user.id) && hasEmail(user, key),
    );
    if (!taken) return;
    const message = `Another user of tenant ${tenantId} has this e-mail address.`;
    throw refusal(Code.AlreadyExists, 'EMAIL_TAKEN', message);
  }

  /** Returns the present users. */
  backUp(): FakeBackup {
    return { rows: new Map(this.#rows) };
  }

  /** Replaces the users with those of a backup, and starts a new change feed. */
  restore({ rows }: FakeBackup): void {
    this.#rows.clear();
    for (const [key, row] of rows) this.#rows.set(key, row);
    this.changes.startNewFeed();
  }

  /** Freezes reads at the present users. */
  freezeReads(): void {
    this.#readable = new Map(this.#rows);
  }

  /** Lets reads see all writes again. */
  unfreezeReads(): void {
    this.#readable = this.#rows;
  }

  /** The present time, never twice the same, so that a list by time has one order. */
  now(): Timestamp {
    const clock = BigInt(Date.now()) * 1_000_000n;
    this.#latestNanos = clock > this.#latestNanos ? clock : this.#latestNanos + 1n;
    return create(TimestampSchema, {
      seconds: this.#latestNanos / 1_000_000_000n,
      nanos: Number(this.#latestNanos % 1_000_000_000n),
    });
  }
}

/** Creates a user of a tenant from fields. */
export function toUser(tenantId: string, id: string, fields: UserFields): User {
  const { state = UserState.ACTIVE, role = UserRole.CUSTOMER } = fields;
  return create(UserSchema, { ...fields, state, role, tenantId, id: id.toLowerCase() });
}

/** The user in the FULL view, as writes return it. */
export function toFullView(user: User): User {
  return toView(user, UserView.FULL);
}

// A deleted user has no address, and an empty address belongs to no user.
function hasEmail(user: User, key: string): boolean {
  return key !== '' && user.state !== UserState.DELETED && emailKey(user.email) === key;
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id.toLowerCase()}`;
}

function find(rows: ReadonlyMap<string, UserRow>, tenantId: string, id: string): User | undefined {
  const row = rows.get(toKey(tenantId, id));
  return row?.mergedInto === undefined ? row?.user : find(rows, tenantId, row.mergedInto);
}

function kindOf(before: User | undefined, after: User): UserChangeKind {
  if (before === undefined) return UserChangeKind.CREATED;
  const [was, is] = [before, after].map(({ state }) => state === UserState.DELETED);
  if (was === is) return UserChangeKind.UPDATED;
  return is ? UserChangeKind.DELETED : UserChangeKind.UNDELETED;
}

/** Creates a UUIDv7: the time in milliseconds, then random bits. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
