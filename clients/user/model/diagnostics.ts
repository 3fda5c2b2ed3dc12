import { type Channel, channel } from 'node:diagnostics_channel';
import type { UserView } from '@rollcall/contract/user';
import type { BreakerState } from '@rollcall/transport/guard';
import type { DegradedReason } from './user-lookup.ts';

/** A call that is sent to the service, with many ids (BatchGetUsers) or other keys (ResolveUsers). */
export interface BatchSent {
  readonly method: string;
  readonly tenantId: string;
  readonly view: UserView;
  /** Number of ids or keys. */
  readonly size: number;
}

/** The end of such a call. */
export interface BatchAnswered {
  /** The message of its sending: the same object. */
  readonly sent: BatchSent;
  readonly durationMs: number;
  /** Status in gRPC's spelling. `OK`: it succeeded. */
  readonly status: string;
  /** The error it failed with, whose message may contain ids of users. Absent: it succeeded. */
  readonly error?: unknown;
}

/** A read with answers from before an outage. */
export interface StaleAnswered {
  readonly tenantId: string;
  /** Number of stale answers. */
  readonly count: number;
  /** Age of the oldest one, in ms. */
  readonly oldestMs: number;
  /** Why the first one is stale. */
  readonly reason: DegradedReason;
}

/** A change of the breaker's state. */
export interface BreakerChanged {
  readonly from: BreakerState;
  readonly to: BreakerState;
}

/** Users were written to the snapshot, or read from it. */
export interface SnapshotMoved {
  /** Number of entries: a user in one view each. Of those read, only the ones young enough to be used. */
  readonly users: number;
  readonly durationMs: number;
}

/** The snapshot could not be written or read. The client goes on without it. */
export interface SnapshotFailed {
  readonly doing: 'read' | 'write';
  readonly error: unknown;
}

/** The change feed now covers these tenants. */
export interface FeedLive {
  readonly tenantIds: readonly string[];
}

/**
 * Why the change feed no longer covers tenants. `late`: the last checkpoint is older than 2 s, and the stream
 * may resume without a gap. `gap`: changes may have been missed, and nothing known of the tenants is fresh.
 * `replaced`: the service's database was replaced or went back, and no version known of any tenant need
 * exist.
 */
export type FeedLostReason = 'late' | 'gap' | 'replaced';

/** The change feed no longer covers these tenants. Their users are fresh for as long as without a feed. */
export interface FeedLost extends FeedLive {
  readonly reason: FeedLostReason;
  /** Age in ms of the last checkpoint that counted. Undefined: none did. */
  readonly lagMs: number | undefined;
  /** The error that ended the last stream that broke. Absent: none broke since the feed was live. */
  readonly error?: unknown;
}

/** A caller's header of seen versions could not be read, and is ignored. */
export interface SeenHeaderIgnored {
  /** Name of the header. */
  readonly header: string;
  /** The fault of the header, with up to 80 characters of the header, which may contain user ids. */
  readonly fault: string;
}

/**
 * The message of each channel of node:diagnostics_channel. Without a subscriber no message is made. Messages
 * must not be changed. They contain no user and no id of one, except within an `error` or a `fault`.
 */
export interface DiagnosticMessages {
  'rollcall:user-client:batch:sent': BatchSent;
  'rollcall:user-client:batch:answered': BatchAnswered;
  'rollcall:user-client:answer:stale': StaleAnswered;
  'rollcall:user-client:breaker:changed': BreakerChanged;
  'rollcall:user-client:snapshot:written': SnapshotMoved;
  'rollcall:user-client:snapshot:read': SnapshotMoved;
  'rollcall:user-client:snapshot:failed': SnapshotFailed;
  'rollcall:user-client:feed:live': FeedLive;
  'rollcall:user-client:feed:lost': FeedLost;
  'rollcall:user-client:seen-header-ignored': SeenHeaderIgnored;
}

export type DiagnosticChannel = keyof DiagnosticMessages;

const CHANNELS: Readonly<Record<DiagnosticChannel, Channel>> = {
  'rollcall:user-client:batch:sent': channel('rollcall:user-client:batch:sent'),
  'rollcall:user-client:batch:answered': channel('rollcall:user-client:batch:answered'),
  'rollcall:user-client:answer:stale': channel('rollcall:user-client:answer:stale'),
  'rollcall:user-client:breaker:changed': channel('rollcall:user-client:breaker:changed'),
  'rollcall:user-client:snapshot:written': channel('rollcall:user-client:snapshot:written'),
  'rollcall:user-client:snapshot:read': channel('rollcall:user-client:snapshot:read'),
  'rollcall:user-client:snapshot:failed': channel('rollcall:user-client:snapshot:failed'),
  'rollcall:user-client:feed:live': channel('rollcall:user-client:feed:live'),
  'rollcall:user-client:feed:lost': channel('rollcall:user-client:feed:lost'),
  'rollcall:user-client:seen-header-ignored': channel('rollcall:user-client:seen-header-ignored'),
};

/** The names of all channels. */
export const DIAGNOSTIC_CHANNELS = Object.keys(CHANNELS) as readonly DiagnosticChannel[];

/** Whether the channel has a subscriber. Cheap. */
export function hasSubscribers(name: DiagnosticChannel): boolean {
  return CHANNELS[name].hasSubscribers;
}

/** Publishes a message, which is made only where the channel has a subscriber. */
export function publish<Name extends DiagnosticChannel>(
  name: Name,
  toMessage: () => DiagnosticMessages[Name],
): void {
  const { [name]: speaker } = CHANNELS;
  if (speaker.hasSubscribers) speaker.publish(toMessage());
}
