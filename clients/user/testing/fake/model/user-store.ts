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

/** Fields of a user as a test gives them. What is left out is empty, ACTIVE, CUSTOMER. */
export type UserFields = Extract<MessageInitShape<typeof UserSchema>, { $typeName?: never }>;

/** A user as it is itself, whoever answers in its place. */
export interface UserRow {
  readonly user: User;
  /** The id that answers in its place; absent: it answers for itself. */
  readonly mergedInto?: string | undefined;
}

/** The users of a fake as they were at one time. */
export interface FakeBackup {
  readonly rows: ReadonlyMap<string, UserRow>;
}

/** How a row is kept. */
export interface WriteOptions {
  /** Default: one more than before. */
  readonly version?: bigint | undefined;
  /** What is announced. Default: what the states before and after tell. */
  readonly kind?: UserChangeKind | undefined;
  /** Who answers in its place from now on; null: itself. Default: as before. */
  readonly mergedInto?: string | null;
}

/** An activity, and when it was recorded. */
export interface RecordedActivity {
  readonly activity: Activity;
  readonly recordTime: Timestamp;
}

/** Users in a Map, by tenant and id. Every write counts the version up and is told to the change log. */
export class UserStore {
  readonly changes = new ChangeLog();
  readonly externalIds = new ExternalIds();
  readonly notes = new RelatedRecords<Note>();
  readonly activities = new RelatedRecords<RecordedActivity>();
  readonly statistics = new ReportedStatistics();
  readonly merges = new MergeLog();
  readonly #erased = new Set<string>();
  readonly #rows = new Map<string, UserRow>();
  #shown: ReadonlyMap<string, UserRow> = this.#rows;
  #latestNanos = 0n;

  /** The user as readers see it, stored form: `displayName` as it was given. */
  read(tenantId: string, id: string): User | undefined {
    return find(this.#shown, tenantId, id);
  }

  /** Everyone of a tenant as readers see them, those who were merged away apart. */
  readAll(tenantId: string): User[] {
    return [...this.#shown.values()]
      .filter(({ user, mergedInto }) => user.tenantId === tenantId && mergedInto === undefined)
      .map(({ user }) => user);
  }

  /** Who answers for an address, as readers see it: that of a user who was merged away leads to the survivor. */
  readByEmail(tenantId: string, key: string): User | undefined {
    const row = [...this.#shown.values()].find(({ user }) => user.tenantId === tenantId && holds(user, key));
    const found = row && this.read(tenantId, row.user.id);
    return found?.state === UserState.DELETED ? undefined : found;
  }

  /** The user as writers see it. */
  current(tenantId: string, id: string): User | undefined {
    return find(this.#rows, tenantId, id);
  }

  /** The user itself, whoever answers in its place. */
  row(tenantId: string, id: string): UserRow | undefined {
    return this.#rows.get(toKey(tenantId, id));
  }

  /** A user and everyone who was merged into it, and into those. */
  mergeGroupOf({ tenantId, id }: Owner): Owner[] {
    const merged = [...this.#rows.values()].filter(
      (row) => row.user.tenantId === tenantId && row.mergedInto === id,
    );
    return [{ tenantId, id }, ...merged.flatMap(({ user }) => this.mergeGroupOf(user))];
  }

  /** Whether nothing but the tombstone is left of a user. */
  isErased({ tenantId, id }: Owner): boolean {
    return this.#erased.has(toKey(tenantId, id));
  }

  /** Keeps a user under its tenant and id: version and times are given here. Throws EMAIL_TAKEN. */
  write(user: User, keeping: WriteOptions = {}): User {
    this.requireFreeEmail(user, [user.id]);
    return this.writeUnchecked(user, keeping);
  }

  /** The same, whoever has the address. */
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
    const answering = mergedInto === undefined ? before?.mergedInto : (mergedInto ?? undefined);
    this.#rows.set(toKey(tenantId, id), { user: kept, mergedInto: answering });
    // What is erased, or answered by another user than before, shows in every view.
    const isAnother = kind === UserChangeKind.ERASED || before?.mergedInto !== answering;
    this.changes.append({
      tenantId,
      id,
      version: kept.version,
      kind: kind ?? kindOf(before?.user, kept),
      touchedViews: touchedViews(isAnother ? undefined : before?.user, kept),
    });
    if (kind === UserChangeKind.ERASED) this.#erased.add(toKey(tenantId, id));
    return kept;
  }

  /** Throws EMAIL_TAKEN where anybody but these has the user's address; a user who was merged away keeps its own. */
  requireFreeEmail({ tenantId, email, state }: User, ids: readonly string[]): void {
    const key = emailKey(email);
    if (key === '' || state === UserState.DELETED) return;
    const taken = [...this.#rows.values()].some(
      ({ user }) => user.tenantId === tenantId && !ids.includes(user.id) && holds(user, key),
    );
    if (!taken) return;
    const message = `Another user of tenant ${tenantId} has this e-mail address.`;
    throw refusal(Code.AlreadyExists, 'EMAIL_TAKEN', message);
  }

  /** The users as they are now. */
  backUp(): FakeBackup {
    return { rows: new Map(this.#rows) };
  }

  /** The users are those of the backup, and the change feed is another one. */
  restore({ rows }: FakeBackup): void {
    this.#rows.clear();
    for (const [key, row] of rows) this.#rows.set(key, row);
    this.changes.startNewFeed();
  }

  /** Readers go on seeing what is true now, whatever is written from now on. */
  freezeReads(): void {
    this.#shown = new Map(this.#rows);
  }

  /** Readers see what is true. */
  unfreezeReads(): void {
    this.#shown = this.#rows;
  }

  /** The time. Never the same moment twice, so that a list by time has one order. */
  now(): Timestamp {
    const clock = BigInt(Date.now()) * 1_000_000n;
    this.#latestNanos = clock > this.#latestNanos ? clock : this.#latestNanos + 1n;
    return create(TimestampSchema, {
      seconds: this.#latestNanos / 1_000_000_000n,
      nanos: Number(this.#latestNanos % 1_000_000_000n),
    });
  }
}

/** A user of a tenant from fields. */
export function toUser(tenantId: string, id: string, fields: UserFields): User {
  const { state = UserState.ACTIVE, role = UserRole.CUSTOMER } = fields;
  return create(UserSchema, { ...fields, state, role, tenantId, id: id.toLowerCase() });
}

/** The whole user, as a write answers it. */
export function toFullView(user: User): User {
  return toView(user, UserView.FULL);
}

// A deleted user has no address, and nobody has none.
function holds(user: User, key: string): boolean {
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

/** A UUIDv7: the time in ms, then chance. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
