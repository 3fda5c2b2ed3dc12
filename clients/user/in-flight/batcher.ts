import type { UserScope } from '../model/user-reader.ts';

/** Most ids in one BatchGetUsers: the contract's own limit. */
export const MAX_BATCH_SIZE = 500;

/** How reads are put together. */
export interface BatchingOptions {
  /**
   * Time in ms to wait for more reads. 0: until all that this turn of the event loop read from sockets is done. Absent: the
   * reads of one call leave at once.
   */
  batchWindowMs?: number;
}

/** Flights that leave together: of one tenant and view, no id twice. */
export interface Batch<Flight> {
  readonly scope: UserScope;
  /** They want a version: such reads travel apart, because where one version is not reached the others are asked for again. */
  readonly isDemanding: boolean;
  readonly flights: Flight[];
  /** The latest of its callers: one who waits shorter leaves earlier, and takes nobody along. */
  deadlineAtMs: number;
  /** Whether more may get in. */
  isOpen: boolean;
}

/** The batches that wait to leave, one per tenant and view that is asked for in the same window, or two where some demand a version. */
export class Batches<Flight> {
  #open: Batch<Flight>[] = [];
  readonly #windowMs: number | undefined;
  readonly #send: (batch: Batch<Flight>, part: readonly Flight[]) => void;

  /** `send` is given each batch in parts of 500. */
  constructor(
    { batchWindowMs }: BatchingOptions,
    send: (batch: Batch<Flight>, part: readonly Flight[]) => void,
  ) {
    this.#windowMs = batchWindowMs;
    this.#send = send;
  }

  /** The batch that such reads get into now. */
  open({ tenantId, view }: UserScope, isDemanding: boolean): Batch<Flight> {
    for (const batch of this.#open) {
      const { scope } = batch;
      if (scope.view === view && scope.tenantId === tenantId && batch.isDemanding === isDemanding)
        return batch;
    }
    const scope = { tenantId, view };
    const batch: Batch<Flight> = { scope, isDemanding, flights: [], deadlineAtMs: 0, isOpen: true };
    this.#open.push(batch);
    if (this.#windowMs !== undefined) afterWindow(this.#windowMs, () => this.#leave(batch));
    return batch;
  }

  /** Without any window those in it leave now. */
  close(): void {
    if (this.#windowMs === undefined) for (const batch of [...this.#open]) this.#leave(batch);
  }

  /** Lets nobody else in: who comes now is not to share what these bring. They leave when it is their time. */
  shut(batch: Batch<Flight>): void {
    if (!batch.isOpen) return;
    batch.isOpen = false;
    this.#open.splice(this.#open.indexOf(batch), 1);
  }

  /** `shut` for all of these tenants. */
  shutAll(tenantIds: readonly string[]): void {
    for (const batch of [...this.#open]) if (tenantIds.includes(batch.scope.tenantId)) this.shut(batch);
  }

  /** `shut` for all there are. */
  shutEvery(): void {
    for (const batch of [...this.#open]) this.shut(batch);
  }

  #leave(batch: Batch<Flight>): void {
    this.shut(batch);
    const { flights } = batch;
    // As few as may be, and of one size, so that the service answers one while the next is read.
    const size = Math.ceil(flights.length / Math.ceil(flights.length / MAX_BATCH_SIZE));
    if (size === flights.length) this.#send(batch, flights);
    else for (let at = 0; at < flights.length; at += size) this.#send(batch, flights.slice(at, at + size));
  }
}

/** Without a time: behind all that this turn of the loop read from sockets, which is where callers come from. */
function afterWindow(windowMs: number, then: () => void): void {
  if (windowMs > 0) setTimeout(then, windowMs);
  else setImmediate(then);
}
