import { compare, type Place, pageSizeOf, readToken, toToken } from './listing.ts';

/** Something of which pages are made, and how many bytes it takes in an answer. */
export interface PageItem<T> {
  readonly item: T;
  readonly place: Place;
  readonly bytes: number;
}

// What fits into a message of 4 MiB, with room for what stands around.
const MAX_ANSWER_BYTES = 4_000_000;

/** The page of a request, newest first: as many as were asked for, or as one answer holds. `tie`: as of `tieOf`. */
export function pageOf<T>(
  all: readonly PageItem<T>[],
  tie: string,
  request: { readonly pageSize: number; readonly pageToken: string },
): { items: T[]; nextPageToken: string } {
  const before = readToken(tie, request.pageToken);
  const behind = all
    .filter(({ place }) => before === undefined || compare(place, before) < 0)
    .sort((one, other) => compare(other.place, one.place));
  const page = takeFitting(behind.slice(0, pageSizeOf(request)));
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    nextPageToken: last && page.length < behind.length ? toToken(tie, last.place) : '',
  };
}

function takeFitting<T>(items: readonly PageItem<T>[]): readonly PageItem<T>[] {
  let bytes = 0;
  const tooMany = items.findIndex((each, i) => {
    bytes += each.bytes;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? items : items.slice(0, tooMany);
}
