import type { UserScope } from '../model/user-reader.ts';

/** Most ids in one BatchGetUsers: the limit of the contract. */
export const MAX_BATCH_SIZE = 500;

/** When reads are sent together. */
export interface BatchingOptions {
  /**
   * Time to wait for more reads, in ms. 0: until all that this turn of the event loop read from sockets is
   * handled. Absent: the reads of one call are sent at once.
   */
  batchWindowMs?: number;
}

/** Reads that are sent together: of one tenant and view, each id once. */
export interface Batch<Read> {
  readonly scope: UserScope;
  /**
   * Whether the reads ask for minimum versions. Such reads travel apart: where one is not reached, the others
   * are asked again.
   */
  readonly hasMinVersions: boolean;
  readonly reads: Read[];
  /** The latest deadline of its callers. */
  deadlineAtMs: number;
  /** Whether more reads may be added. */
  isOpen: boolean;
}

/**
 * Collects reads into batches: per window one for each tenant and view, and a second one for reads with
 * minimum versions.
 */
export class Batcher<Read> {
  #open: Batch<Read>[] = [];
  readonly #windowMs: number | undefined;
  readonly #send: (batch: Batch<Read>, part: readonly Read[]) => void;

  /** @param send is called once per part of a batch, of at most MAX_BATCH_SIZE reads. */
  constructor({ batchWindowMs }: BatchingOptions, send: (batch: Batch<Read>, part: readonly Read[]) => void) {
    this.#windowMs = batchWindowMs;
    this.#send = send;
  }

  /** The open batch of this tenant and view. */
  batchFor({ tenantId, view }: UserScope, hasMinVersions: boolean): Batch<Read> {
    for (const batch of this.#open) {
      const { scope } = batch;
      if (scope.view === view && scope.tenantId === tenantId && batch.hasMinVersions === hasMinVersions)
        return batch;
    }
    const scope = { tenantId, view };
    const batch: Batch<Read> = { scope, hasMinVersions, reads: [], deadlineAtMs: 0, isOpen: true };
    this.#open.push(batch);
    if (this.#windowMs !== undefined) afterWindow(this.#windowMs, () => this.#sendParts(batch));
    return batch;
  }

  /** Sends the open batches, unless a window is set: then they wait for its end. */
  sendNow(): void {
    if (this.#windowMs === undefined) for (const batch of [...this.#open]) this.#sendParts(batch);
  }

  /** Closes the batch to later reads, which must not share its answers. It is sent at its time. */
  seal(batch: Batch<Read>): void {
    if (!batch.isOpen) return;
    batch.isOpen = false;
    this.#open.splice(this.#open.indexOf(batch), 1);
  }

  sealForTenants(tenantIds: readonly string[]): void {
    for (const batch of [...this.#open]) if (tenantIds.includes(batch.scope.tenantId)) this.seal(batch);
  }

  sealAll(): void {
    for (const batch of [...this.#open]) this.seal(batch);
  }

  #sendParts(batch: Batch<Read>): void {
    this.seal(batch);
    const { reads } = batch;
    // As few parts as possible, of equal size, so that the service answers one while it reads the next.
    const size = Math.ceil(reads.length / Math.ceil(reads.length / MAX_BATCH_SIZE));
    if (size === reads.length) this.#send(batch, reads);
    else for (let at = 0; at < reads.length; at += size) this.#send(batch, reads.slice(at, at + size));
  }
}

/**
 * Without a time: after all that this turn of the event loop read from sockets, which is where callers come
 * from.
 */
function afterWindow(windowMs: number, then: () => void): void {
  if (windowMs > 0) setTimeout(then, windowMs);
  else setImmediate(then);
}
