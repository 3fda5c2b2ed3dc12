import type { ServiceImpl } from '@connectrpc/connect';
import { isSearchable, TOO_SHORT, visibleText, wordsOf } from '@rollcall/contract/text';
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
import { invalidField } from './model/refusal.ts';
import type { UserStore } from './model/user-store.ts';
import { emailKey } from './model/views.ts';
import { matchNames } from './search-words.ts';

/** SearchUsers over a store: looks at everyone. Scores differ from the real ones; the order of kinds of matches does not. */
export function searchingOf(store: UserStore): Pick<ServiceImpl<typeof UserAdminService>, 'searchUsers'> {
  return {
    async searchUsers(request: SearchUsersRequest) {
      requireMoments(request.filter);
      if (!isSearchable(request.query)) throw invalidField('query', TOO_SHORT);
      const tie = tieOf(SearchUsersRequestSchema, request);
      const after = readToken(tie, request.pageToken);
      const matchOf = await matcherOf(request.query);
      const found = store
        .readAll(request.tenantId)
        .filter((user) => passes(user, request.filter))
        .flatMap((user) => {
          const match = matchOf(user);
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

type Match = { readonly score: number; readonly matchedFields: string[] };

async function matcherOf(query: string): Promise<(user: User) => Match | undefined> {
  const text = visibleText(query);
  if (/^\S+@\S+$/.test(text)) {
    const key = emailKey(text);
    return ({ email }) =>
      key && key === emailKey(email) ? { score: 1, matchedFields: ['email'] } : undefined;
  }
  const hasPhone = await phoneMatcherOf(text);
  const terms = [...new Set(wordsOf(text))];
  return (user) => {
    if (hasPhone(user)) return { score: 1, matchedFields: ['phone'] };
    return terms.length > 0 ? matchNames(user, terms) : undefined;
  };
}

/** Whether a user has the number that is searched for. Loads what reads numbers only where the query may be one. */
async function phoneMatcherOf(text: string): Promise<(user: User) => boolean> {
  if (!/^(?:tel:|[^\p{L}]*\p{Nd})/iu.test(text)) return () => false;
  const { phoneKey } = await import('@rollcall/contract/phone').catch((cause: unknown) => {
    const cure = 'npm install --save-dev libphonenumber-js';
    throw new Error(`The fake user service reads phone numbers as the real one does; it needs: ${cure}`, {
      cause,
    });
  });
  const key = phoneKey(text);
  return ({ phone }) => key !== null && key === phoneKey(phone);
}

// The best first: what a score lacks of 1 sorts as a text.
function placeOf({ id }: User, score: number): Place {
  return [(1 - score).toFixed(12), id];
}
