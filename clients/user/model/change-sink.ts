import type { TouchedViews, UserChangeKind } from '@rollcall/contract/user';

/** A version that exists: told by the change feed, by a write, or by another service. */
export interface SeenVersion {
  readonly tenantId: string;
  /** Lower-case UUID. */
  readonly id: string;
  readonly version: bigint;
  /** Absent: only the version is known. */
  readonly kind?: UserChangeKind;
  /** In which views the change shows. Absent: not told, and it may show in every view. */
  readonly touchedViews?: TouchedViews | undefined;
}

/** What news does to what the client remembers. */
export interface ChangeSink {
  /**
   * These versions exist. Older entries of the ids, in every view that shows the change, are not shown any more, or are to be read
   * anew where it is one of figures alone; a fill on its way that brings an older version of them is not kept; an id that was
   * missing may exist.
   */
  onChanges(seen: readonly SeenVersion[]): void;
  /** Anything may have happened to users of these tenants: nothing of them is fresh until it is asked for again. */
  onGap(tenantIds: readonly string[]): void;
  /**
   * The database behind the service is another one or went back, and what `lost` says holds for every tenant. No version that
   * was known before need exist: nothing that was known binds what is read from now on.
   */
  onReplaced(): void;
}

/** Whether news arrives, so that what nobody announced a change of is current. */
export interface FeedHealth {
  /**
   * The point on the client's clock since which every change of the tenant has been told without a gap. Undefined: news does
   * not arrive now.
   */
  liveSinceMs(tenantId: string): number | undefined;
}
