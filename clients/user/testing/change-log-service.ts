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

/** An entry of the change log. */
export interface LoggedChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly touchedViews?: TouchedViews | undefined;
}

type Response = MessageInitShape<typeof WatchUsersResponseSchema>;

/**
 * WatchUsers over a list of changes, for tests of the change feed. A cursor is an index of the list. Unlike
 * the published fake it has checkpoints of the past, small responses, a pace, faults per request, expired
 * changes, and a count of open streams.
 */
export class ChangeLogService implements Pick<ServiceImpl<typeof UserService>, 'watchUsers'> {
  readonly log: LoggedChange[] = [];
  /** All requests, oldest first. */
  readonly requests: WatchUsersRequest[] = [];
  /** Pause between checkpoints. Milliseconds. */
  heartbeatMs = 50;
  /** Index below which cursors have expired. */
  oldest = 0;
  /** Whether streams are silent: they send nothing until the client ends them. */
  isSilent = false;
  /** Error that a stream throws in place of changes. Undefined: none. */
  fault: ((request: WatchUsersRequest) => ConnectError | undefined) | undefined;
  /** Lag of the time of checkpoints. Milliseconds. */
  behindMs = 0;
  /** Largest number of changes in one response. */
  maxChanges = 3;
  /** Identity of the feed in checkpoints. Empty: a service that names none. */
  feed = 'feed-1';
  /** Number of open streams. */
  open = 0;
  #wake = new AbortController();
  #cut = new AbortController();
  #cutWith: ConnectError | undefined;

  /** Appends the next version of a user. */
  change(tenantId: string, id: string, touchedViews?: TouchedViews): LoggedChange {
    const versions = this.log.filter((change) => change.tenantId === tenantId && change.id === id);
    const change = { tenantId, id, version: BigInt(versions.length + 1), touchedViews };
    this.log.push(change);
    this.#wake.abort();
    this.#wake = new AbortController();
    return change;
  }

  /** Ends all open streams with UNAVAILABLE. */
  cut(): void {
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  /** Ends all open streams with CURSOR_EXPIRED. */
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
    let index = cursor === '' ? this.log.length : Number(cursor);
    if (index < this.oldest)
      throw refusal(Code.OutOfRange, 'CURSOR_EXPIRED', 'the cursor is too old', {
        metadata: { feed: this.feed },
      });
    if (!this.isSilent) yield { checkpoint: this.#checkpoint(index) };
    while (!ended.aborted) {
      if (this.isSilent) return await sleep(3_600_000, undefined, { signal: left }).catch(() => {});
      const until = Math.min(this.log.length, index + this.maxChanges);
      const changes = this.log.slice(index, until).filter((change) => tenantIds.includes(change.tenantId));
      index = until;
      const watched = changes.map((change) => ({ ...change, kind: UserChangeKind.UPDATED }));
      yield { changes: watched, checkpoint: this.#checkpoint(index) };
      if (index < this.log.length) continue;
      const woken = AbortSignal.any([ended, this.#wake.signal]);
      await sleep(this.heartbeatMs, undefined, { signal: woken }).catch(() => {});
    }
  }

  #checkpoint(index: number) {
    return { cursor: String(index), time: timestampFromMs(Date.now() - this.behindMs), feed: this.feed };
  }
}
