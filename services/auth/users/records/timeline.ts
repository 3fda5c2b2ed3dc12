import type { Activity, Note, RecordPage, RecordPosition } from './user-records.ts';

/** What a timeline can tell. */
export type TimelineContent =
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

/** One entry. Its time and then its id, a UUID in lower case, order it among those of all sources. */
export interface TimelineEntry {
  /** When it happened. */
  readonly time: Date;
  /** When it was recorded. */
  readonly recordTime: Date;
  readonly id: string;
  readonly content: TimelineContent;
}

/** Which page of a timeline; `before`: the entry behind which it begins, absent: the newest. */
export interface TimelinePage extends RecordPage {
  readonly before?: RecordPosition | undefined;
}

/** One of the places that a timeline is gathered from: a new kind of entry is a new source. */
export interface TimelineSource {
  /** At most `limit` entries behind `before`, by time and then id, both descending; times in whole ms. */
  find(page: TimelinePage): Promise<readonly TimelineEntry[]>;
}

/** The newest entries of all sources behind `before`: `limit` of them, or all there are. */
export async function listTimeline(
  sources: readonly TimelineSource[],
  page: TimelinePage,
): Promise<TimelineEntry[]> {
  const found = await Promise.all(sources.map((source) => source.find(page)));
  return found.flat().sort(newestFirst).slice(0, page.limit);
}

/** Where a timeline goes on behind an entry. */
export function timelinePositionOf({ time, id }: TimelineEntry): RecordPosition {
  return { timeMs: time.getTime(), id };
}

function newestFirst(one: TimelineEntry, other: TimelineEntry): number {
  return other.time.getTime() - one.time.getTime() || (one.id < other.id ? 1 : -1);
}
