import type { ServiceImpl } from '@connectrpc/connect';
import {
  graphemesOf,
  isSearchable,
  isSpaceless,
  TOO_SHORT,
  visibleText,
  wordsOf,
} from '@rollcall/contract/text';
import {
  type SearchUsersRequest,
  SearchUsersRequestSchema,
  type User,
  type UserAdminService,
} from '@rollcall/contract/user';
import { matchesFilter, requireFilterTimes } from './listing.ts';
import { invalidField } from './model/refusal.ts';
import type { UserStore } from './model/user-store.ts';
import { emailKey } from './model/views.ts';
import {
  comparePositions,
  limitUsersBySize,
  type PagePosition,
  readPageToken,
  requestFingerprint,
  toPageSize,
  writePageToken,
} from './pages.ts';

/**
 * Handler of SearchUsers, which scans all users. Scores differ from those of the service; the order of kinds
 * of matches does not.
 */
export function createSearchHandlers(
  store: UserStore,
): Pick<ServiceImpl<typeof UserAdminService>, 'searchUsers'> {
  return {
    async searchUsers(request: SearchUsersRequest) {
      requireFilterTimes(request.filter);
      if (!isSearchable(request.query)) throw invalidField('query', TOO_SHORT);
      const fingerprint = requestFingerprint(SearchUsersRequestSchema, request);
      const start = readPageToken(fingerprint, request.pageToken);
      const matchOf = await matcherOf(request.query);
      const found = store
        .readAll(request.tenantId)
        .filter((user) => matchesFilter(user, request.filter))
        .flatMap((user) => {
          const match = matchOf(user);
          return match ? [{ user, ...match, position: positionOf(user, match.score) }] : [];
        })
        .sort((a, b) => comparePositions(a.position, b.position))
        .filter(({ position }) => start === undefined || comparePositions(position, start) > 0);
      const candidates = found.slice(0, toPageSize(request));
      const users = limitUsersBySize(
        candidates.map(({ user }) => user),
        request.view,
      );
      const last = found[users.length - 1];
      return {
        matches: users.map((user, i) => ({
          user,
          score: found[i]?.score ?? 0,
          matchedFields: found[i]?.matchedFields ?? [],
        })),
        nextPageToken: last && users.length < found.length ? writePageToken(fingerprint, last.position) : '',
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
  const matchesPhone = await phoneMatcherOf(text);
  const terms = [...new Set(wordsOf(text))];
  return (user) => {
    if (matchesPhone(user)) return { score: 1, matchedFields: ['phone'] };
    return terms.length > 0 ? matchNames(user, terms) : undefined;
  };
}

/**
 * Returns whether a user has the phone number of the query. Loads the phone parser only when the query may be
 * a number.
 */
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

// Best first: 1 − score sorts as a text.
function positionOf({ id }: User, score: number): PagePosition {
  return [(1 - score).toFixed(12), id];
}

/**
 * Score and matched fields of a user whose names match all words of a query. Undefined: a word matches no
 * name.
 */
function matchNames(
  user: User,
  terms: readonly string[],
): { score: number; matchedFields: string[] } | undefined {
  const fields = Object.entries({
    first_name: user.firstName,
    last_name: user.lastName,
    display_name: user.displayName,
    business_name: user.businessName,
  }).map(([name, text]) => ({ name, words: wordsOf(text) }));
  const words = [...new Set(fields.flatMap((field) => field.words))];
  const parts = terms.flatMap((term) => splitJoined(term, words) ?? [term]);
  let sum = 0;
  const matched = new Set<string>();
  for (const term of parts) {
    const scored = words.map((word) => ({ word, score: scoreOf(term, word) }));
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a), { word: '', score: 0 });
    if (best.score === 0) return undefined;
    sum += best.score;
    for (const { name, words } of fields) if (words.includes(best.word)) matched.add(name);
  }
  return { score: sum / parts.length, matchedFields: [...matched] };
}

// Splits names that are written without a space. The last one may be incomplete.
function splitJoined(term: string, words: readonly string[]): string[] | undefined {
  if (!isSpaceless(term)) return undefined;
  const letters = graphemesOf(term);
  for (let at = letters.length - 1; at > 0; at--) {
    const [head, rest] = [letters.slice(0, at).join(''), letters.slice(at).join('')];
    if (!words.includes(head)) continue;
    const others = words.some((word) => word.startsWith(rest)) ? [rest] : splitJoined(rest, words);
    if (others) return [head, ...others];
  }
  return undefined;
}

function scoreOf(term: string, word: string): number {
  if (word === term) return 1;
  if (word.startsWith(term)) return 0.7 + (0.25 * term.length) / word.length;
  const isPart = [...term].length > 1 || isSearchable(term);
  if (isPart && word.includes(term)) return 0.4 + (0.25 * term.length) / word.length;
  return term.length >= 4 && differsByOneLetter(term, word) ? 0.3 : 0;
}

// One letter more, less or different, or two swapped: compare the parts between equal start and end.
function differsByOneLetter(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (
    Math.max(restA.length, restB.length) <= 1 ||
    (restA.length === 2 && restA === [...restB].reverse().join(''))
  );
}
