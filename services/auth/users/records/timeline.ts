import type { Activity, Note, RecordPage, RecordPosition } from './user-records.ts';

/** The content of an entry. */
type TimelineContent =
  | { readonly case: 'activity'; readonly value: Activity }
  | { readonly case: 'note'; readonly value: Note }
  | { readonly case: 'signIn'; readonly value: { readonly succeeded: boolean; readonly method: string } }
  | {
      readonly case: 'merge';
      readonly value: {
        readonly mergeId: string;
        readonly survivorId: string;
        readonly loserId: string;
        readonly undone: boolean;
      };
    };

/** One entry. Entries of all sources are ordered by time, then by id, which is a UUID in lower case. */
export interface TimelineEntry {
  readonly time: Date;
  readonly recordTime: Date;
  readonly id: string;
  readonly content: TimelineContent;
}

/** A page of a timeline. `before` is the entry after which it begins; absent: at the newest. */
interface TimelinePage extends RecordPage {
  readonly before?: RecordPosition | undefined;
}

/** A source of timeline entries. A new kind of entry is a new source. */
export interface TimelineSource {
  /**
   * At most `limit` entries after `before`, in descending order of time and id. Times have whole
   * milliseconds.
   */
  find(page: TimelinePage): Promise<readonly TimelineEntry[]>;
}

/** Reads the newest entries of all sources after `before`, at most `limit`. */
export async function listTimeline(
  sources: readonly TimelineSource[],
  page: TimelinePage,
): Promise<TimelineEntry[]> {
  const found = await Promise.all(sources.map((source) => source.find(page)));
  return found.flat().sort(newestFirst).slice(0, page.limit);
}

/** The position at which a timeline continues after an entry. */
export function timelinePositionOf({ time, id }: TimelineEntry): RecordPosition {
  return { timeMs: time.getTime(), id };
}

function newestFirst(one: TimelineEntry, other: TimelineEntry): number {
  return other.time.getTime() - one.time.getTime() || (one.id < other.id ? 1 : -1);
}
