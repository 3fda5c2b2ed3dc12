import type { ServiceImpl } from '@connectrpc/connect';
import {
  type SearchUsersRequest,
  SearchUsersRequestSchema,
  type User,
  type UserAdminService,
} from '@rollcall/contract/user';
import {
  compare,
  type Place,
  pageSizeOf,
  passes,
  readToken,
  requireMoments,
  takeFitting,
  tieOf,
  toToken,
} from './listing.ts';
import { matchNames, wordsOf } from './search-words.ts';
import type { UserStore } from './user-store.ts';
import { emailKey } from './views.ts';

/** SearchUsers over a store: looks at everyone. Scores differ from the real ones; the order of kinds of matches does not. */
export function searchingOf(store: UserStore): Pick<ServiceImpl<typeof UserAdminService>, 'searchUsers'> {
  return {
    searchUsers(request: SearchUsersRequest) {
      requireMoments(request.filter);
      const tie = tieOf(SearchUsersRequestSchema, request);
      const after = readToken(tie, request.pageToken);
      const found = store
        .readAll(request.tenantId)
        .filter((user) => passes(user, request.filter))
        .flatMap((user) => {
          const match = matchOf(user, request.query);
          return match ? [{ user, ...match, place: placeOf(user, match.score) }] : [];
        })
        .sort((a, b) => compare(a.place, b.place))
        .filter(({ place }) => after === undefined || compare(place, after) > 0);
      const wanted = found.slice(0, pageSizeOf(request));
      const users = takeFitting(
        wanted.map(({ user }) => user),
        request.view,
      );
      const last = found[users.length - 1];
      return {
        matches: users.map((user, i) => ({
          user,
          score: found[i]?.score ?? 0,
          matchedFields: found[i]?.matchedFields ?? [],
        })),
        nextPageToken: last && users.length < found.length ? toToken(tie, last.place) : '',
      };
    },
  };
}

function matchOf(user: User, query: string): { score: number; matchedFields: string[] } | undefined {
  const text = query.trim();
  if (/^\S+@\S+$/.test(text)) {
    const isSame = emailKey(text) !== '' && emailKey(text) === emailKey(user.email);
    return isSame ? { score: 1, matchedFields: ['email'] } : undefined;
  }
  if (/^\+?[\d ()./-]*\d[\d ()./-]*(x\d+)?$/.test(text) && digitsOf(text) === digitsOf(user.phone))
    return { score: 1, matchedFields: ['phone'] };
  const terms = [...new Set(wordsOf(text))];
  return terms.length > 0 ? matchNames(user, terms) : undefined;
}

function digitsOf(phone: string): string {
  return phone.replace(/\D/g, '');
}

// The best first: what a score lacks of 1 sorts as a text.
function placeOf({ id }: User, score: number): Place {
  return [(1 - score).toFixed(12), id];
}
