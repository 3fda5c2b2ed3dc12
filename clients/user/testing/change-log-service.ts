import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import {
  type TouchedViews,
  UserChangeKind,
  type UserService,
  type WatchUsersRequest,
  type WatchUsersResponseSchema,
} from '@rollcall/contract/user';
import { refusal } from './map-user-service.ts';

/** One entry of the log. */
export interface LoggedChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly touchedViews?: TouchedViews | undefined;
}

type Response = MessageInitShape<typeof WatchUsersResponseSchema>;

/**
 * WatchUsers over a list of changes: cursors are places in the list. Can be cut, silenced, made late, or told to forget. For tests
 * of the feed's consumer, which need what a consumer's test never does and the published fake does not offer: checkpoints of
 * the past, small responses, a pace, faults by request, part of the past expired, and a count of open streams.
 */
export class ChangeLogService implements Pick<ServiceImpl<typeof UserService>, 'watchUsers'> {
  readonly log: LoggedChange[] = [];
  /** Every request that came, oldest first. */
  readonly requests: WatchUsersRequest[] = [];
  /** Pause in ms between checkpoints. */
  heartbeatMs = 50;
  /** Cursors under this place have expired. */
  oldest = 0;
  /** While true, streams fall silent: they send nothing more until they are ended by the client, as in a black hole. */
  isSilent = false;
  /** Thrown in place of each stream. */
  fault: ((request: WatchUsersRequest) => ConnectError | undefined) | undefined;
  /** How far behind the time of checkpoints is, in ms. */
  behindMs = 0;
  /** Most changes in one response. */
  maxChanges = 3;
  /** Identity of the feed in checkpoints. Empty: as a service answers that names none. */
  feed = 'feed-1';
  /** Streams that are open. */
  open = 0;
  #wake = new AbortController();
  #cut = new AbortController();
  #cutWith: ConnectError | undefined;

  /** Commits the next version of a user. */
  change(tenantId: string, id: string, touchedViews?: TouchedViews): LoggedChange {
    const versions = this.log.filter((change) => change.tenantId === tenantId && change.id === id);
    const change = { tenantId, id, version: BigInt(versions.length + 1), touchedViews };
    this.log.push(change);
    this.#wake.abort();
    this.#wake = new AbortController();
    return change;
  }

  /** Ends every open stream with UNAVAILABLE. */
  cut(): void {
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  /** Ends every open stream with CURSOR_EXPIRED. */
  expire(): void {
    this.#cutWith = refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'of another feed', {
      metadata: { feed: this.feed },
    });
    this.cut();
  }

  watchUsers = async function* (this: ChangeLogService, request: WatchUsersRequest, context: HandlerContext) {
    this.requests.push(request);
    const fault = this.fault?.(request);
    if (fault !== undefined) throw fault;
    this.open += 1;
    const ended = AbortSignal.any([context.signal, this.#cut.signal]);
    try {
      yield* this.#follow(request, ended, context.signal);
    } finally {
      this.open -= 1;
    }
    const error = this.#cutWith ?? new ConnectError('cut', Code.Unavailable);
    this.#cutWith = undefined;
    throw error;
  }.bind(this);

  async *#follow(
    { tenantIds, cursor }: WatchUsersRequest,
    ended: AbortSignal,
    left: AbortSignal,
  ): AsyncGenerator<Response> {
    let place = cursor === '' ? this.log.length : Number(cursor);
    if (place < this.oldest)
      throw refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'the cursor is too old', {
        metadata: { feed: this.feed },
      });
    if (!this.isSilent) yield { checkpoint: this.#checkpoint(place) };
    while (!ended.aborted) {
      if (this.isSilent) return await sleep(3_600_000, undefined, { signal: left }).catch(() => {});
      const until = Math.min(this.log.length, place + this.maxChanges);
      const changes = this.log.slice(place, until).filter((change) => tenantIds.includes(change.tenantId));
      place = until;
      const told = changes.map((change) => ({ ...change, kind: UserChangeKind.UPDATED }));
      yield { changes: told, checkpoint: this.#checkpoint(place) };
      if (place < this.log.length) continue;
      const woken = AbortSignal.any([ended, this.#wake.signal]);
      await sleep(this.heartbeatMs, undefined, { signal: woken }).catch(() => {});
    }
  }

  #checkpoint(place: number) {
    return { cursor: String(place), time: timestampFromMs(Date.now() - this.behindMs), feed: this.feed };
  }
}
