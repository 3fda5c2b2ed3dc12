import { type TouchedViews, type User, UserChangeKind, UserView } from '@rollcall/contract/user';
import { compactUser } from '../model/compact-user.ts';
import type { SeenFloor } from './known-versions.ts';
import { type ChangedEntry, knownThrough } from './user-entry.ts';

/** A version that exists, and in which views its change shows. */
export interface SeenChange extends SeenFloor {
  /** Absent: not told, and every view may show it. */
  readonly touchedViews?: TouchedViews | undefined;
  /** Absent: only the version is known. */
  readonly kind?: UserChangeKind | undefined;
}

/** What may become of an entry at a change: `raised` shows the new version, `due` is to be read anew, `outdated` is not to be shown. */
type ChangeEffect = 'none' | 'raised' | 'due' | 'outdated';

/**
 * Notes a change in an entry of this view. One that the view does not show raises the entry: it is what the service would
 * answer now, byte for byte. One of figures alone leaves it to be read anew. Outdated is also what a version was missed of.
 */
export function noteChange(entry: ChangedEntry, view: UserView, change: SeenChange): ChangeEffect {
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
 * `noteChange` for an entry of an id that was merged into the user. The change speaks of the user's own id: since a merge was
 * taken back, an id that led to the user may lead to another one.
 */
export function noteSurvivorChange(entry: ChangedEntry, view: UserView, change: SeenChange): ChangeEffect {
  if (change.kind !== UserChangeKind.UNMERGED) return noteChange(entry, view, change);
  return noteChange(entry, view, { ...change, touchedViews: undefined });
}

/** The user at the end of these changes, as far as the view shows none of them, or only figures from some change on. */
export function noteChanges(user: User, view: UserView, changes: readonly SeenChange[]): ChangedEntry {
  const entry: ChangedEntry = { user, dueVersion: undefined };
  for (const change of changes) if (noteChange(entry, view, change) === 'outdated') break;
  return entry;
}

/**
 * Whether the view shows a changed figure. BASIC shows no other figures than ratings, which every view shows: a service from
 * before they were in REFERENCE does not name that view.
 */
function isFigureOf(view: UserView, { figureViews }: TouchedViews): boolean {
  return figureViews.includes(view) || figureViews.includes(UserView.BASIC);
}

/** Undefined where the change lacks what every view shows of it. */
function raiseUser(user: User, version: bigint, { updateTime, etag }: TouchedViews): User | undefined {
  return updateTime === undefined || etag === ''
    ? undefined
    : compactUser({ ...user, version, updateTime, etag });
}
