import { type TouchedViews, type User, UserChangeKind, UserView } from '@rollcall/contract/user';
import { compactUser } from '../model/compact-user.ts';
import type { KnownVersion } from './known-versions.ts';
import { type ChangedEntry, knownThrough } from './user-entry.ts';

/** A version that exists, and the views that show its change. */
export interface SeenChange extends KnownVersion {
  /** Absent: not known, and every view may show the change. */
  readonly touchedViews?: TouchedViews | undefined;
  /** Absent: only the version is known. */
  readonly kind?: UserChangeKind | undefined;
}

/**
 * The effect of a change on an entry. `raised`: the entry shows the new version. `due`: the entry is to be
 * read again. `outdated`: the entry must not be served.
 */
type ChangeEffect = 'none' | 'raised' | 'due' | 'outdated';

/**
 * Applies a change to an entry of this view. A change that the view does not show raises the entry to the new
 * version: it is then, byte for byte, the service's answer. A change of ratings or statistics only makes the
 * entry due. After a version that was missed the entry is outdated.
 */
export function applyChange(entry: ChangedEntry, view: UserView, change: SeenChange): ChangeEffect {
  const { version, touchedViews } = change;
  const through = knownThrough(entry);
  if (version <= through) return 'none';
  if (touchedViews === undefined || version !== through + 1n || touchedViews.views.includes(view))
    return 'outdated';
  if (entry.dueVersion !== undefined || isFigureOf(view, touchedViews)) {
    entry.dueVersion = version;
    return 'due';
  }
  const raised = raiseUser(entry.user, version, touchedViews);
  if (raised === undefined) return 'outdated';
  entry.user = raised;
  return 'raised';
}

/**
 * Applies a change of the survivor to an entry of an id that was merged into it. After an unmerge the entry
 * is outdated: the id may lead to another user.
 */
export function applySurvivorChange(entry: ChangedEntry, view: UserView, change: SeenChange): ChangeEffect {
  if (change.kind !== UserChangeKind.UNMERGED) return applyChange(entry, view, change);
  return applyChange(entry, view, { ...change, touchedViews: undefined });
}

/** Applies changes to a user in turn, up to the first one that outdates it. */
export function applyChanges(user: User, view: UserView, changes: readonly SeenChange[]): ChangedEntry {
  const entry: ChangedEntry = { user, dueVersion: undefined };
  for (const change of changes) if (applyChange(entry, view, change) === 'outdated') break;
  return entry;
}

/**
 * Whether the view shows a rating or statistic that changed. BASIC shows ratings only, which every view
 * shows: a service from before ratings were in REFERENCE does not name that view.
 */
function isFigureOf(view: UserView, { figureViews }: TouchedViews): boolean {
  return figureViews.includes(view) || figureViews.includes(UserView.BASIC);
}

/** The user in the new version. Undefined: the change lacks fields that every view shows. */
function raiseUser(user: User, version: bigint, { updateTime, etag }: TouchedViews): User | undefined {
  return updateTime === undefined || etag === ''
    ? undefined
    : compactUser({ ...user, version, updateTime, etag });
}
