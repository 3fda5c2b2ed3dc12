import type { TouchedViews, UserChangeKind } from '@rollcall/contract/user';

/**
 * A version that exists: announced by the change feed, answered to a write, or passed on by another service.
 */
export interface SeenVersion {
  readonly tenantId: string;
  /** Lower-case UUID. */
  readonly id: string;
  readonly version: bigint;
  /** Absent: only the version is known. */
  readonly kind?: UserChangeKind;
  /** The views that show the change. Absent: not known, and every view may show it. */
  readonly touchedViews?: TouchedViews | undefined;
}

/** Receives the events of the change feed. */
export interface ChangeSink {
  /**
   * These versions exist. Older entries of the ids are no longer served in views that show the change, or are
   * read again where only ratings or statistics changed. An answer in flight that is older is not kept. An id
   * that was missing may exist.
   */
  onChanges(seen: readonly SeenVersion[]): void;
  /** Changes of these tenants may have been missed: none of their users is fresh until it is read again. */
  onGap(tenantIds: readonly string[]): void;
  /**
   * The service's database was replaced or went back. That is a gap for every tenant, and versions known
   * until now need not exist: they no longer bind.
   */
  onReplaced(): void;
}

/** State of the change feed: whether it is live. */
export interface FeedHealth {
  /**
   * Point on the client's clock since which the feed has announced every change of the tenant without a gap.
   * Undefined: it is not live now.
   */
  liveSinceMs(tenantId: string): number | undefined;
}
