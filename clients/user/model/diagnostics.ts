import { type Channel, channel } from 'node:diagnostics_channel';
import type { UserView } from '@rollcall/contract/user';
import type { BreakerState } from '@rollcall/transport/guard';
import type { DegradedReason } from './user-lookup.ts';

/** A call that leaves for the service: many ids (BatchGetUsers) or other keys (ResolveUsers) in one. */
export interface BatchSent {
  readonly method: string;
  readonly tenantId: string;
  readonly view: UserView;
  /** Ids or keys in it. */
  readonly size: number;
}

/** The same call, ended. */
export interface BatchAnswered {
  /** The message that told of its sending; the same object. */
  readonly sent: BatchSent;
  readonly durationMs: number;
  /** Status as gRPC spells it, `OK` where it went well. */
  readonly status: string;
  /** What it failed with. Absent: it went well. Its message may hold ids of users. */
  readonly error?: unknown;
}

/** A read, some of whose answers are from before an outage. */
export interface StaleAnswered {
  readonly tenantId: string;
  /** How many of its answers. */
  readonly count: number;
  /** Age of the oldest of them. */
  readonly oldestMs: number;
  /** Why the first of them is stale. */
  readonly reason: DegradedReason;
}

/** The breaker's state changed. */
export interface BreakerChanged {
  readonly from: BreakerState;
  readonly to: BreakerState;
}

/** What is known was written to the snapshot, or taken from it. */
export interface SnapshotMoved {
  /** Entries of it: users in one view each. Of those read, only the ones young enough to be used. */
  readonly users: number;
  readonly durationMs: number;
}

/** The snapshot could not be written or read; the client goes on without it. */
export interface SnapshotFailed {
  readonly doing: 'read' | 'write';
  readonly error: unknown;
}

/** Changes of these tenants are being told. */
export interface FeedLive {
  readonly tenantIds: readonly string[];
}

/**
 * Why changes are not told any more. `late`: the last checkpoint is older than 2 s, whether the stream broke or not; it may
 * resume without a gap. `gap`: changes may have been missed, and nothing known of the tenants is fresh. `replaced`: the
 * service's database is another one or went back, and no version known of any tenant need exist.
 */
export type FeedLostReason = 'late' | 'gap' | 'replaced';

/** Changes of these tenants are not told any more, and answers live as short as without a feed. */
export interface FeedLost extends FeedLive {
  readonly reason: FeedLostReason;
  /** Age in ms of what is known: of the last checkpoint that counted. Undefined: none did. */
  readonly lagMs: number | undefined;
  /** What ended the last stream that broke. Absent: none did since changes were told. */
  readonly error?: unknown;
}

/** What a caller sent along as seen could not be read, and counts as nothing seen. */
export interface SeenHeaderIgnored {
  /** Name of the header. */
  readonly header: string;
  /** What is wrong with it, with up to 80 letters of it, which may be ids of users. */
  readonly fault: string;
}

/**
 * Every channel of node:diagnostics_channel that the client speaks on, and what it says there. Without a subscriber no
 * message is made. Messages are for looking at, and must not be changed. They hold no user and no id of one, but for what an
 * `error` or a `fault` says.
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

/** The name of a channel. */
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

/** Whether anybody listens. Costs one look. */
export function hasSubscribers(name: DiagnosticChannel): boolean {
  return CHANNELS[name].hasSubscribers;
}

/** Says it on the channel; the message is made only where somebody listens. */
export function publish<Name extends DiagnosticChannel>(
  name: Name,
  toMessage: () => DiagnosticMessages[Name],
): void {
  const { [name]: speaker } = CHANNELS;
  if (speaker.hasSubscribers) speaker.publish(toMessage());
}
