import { phoneKey } from '@rollcall/contract/phone';
import { visibleText } from '@rollcall/contract/text';
import type { UserFilter } from '../reading/user-reads.ts';
import { emailKey, type User, type UserView } from '../user.ts';
import { bestWord, fieldNames, wordsOfEntry } from './search-score.ts';
import { createTermWords, splitJoinedNames, type TermWords } from './search-terms.ts';
import type { UserSearch, WordOwner, WordPosition } from './user-search.ts';

/** The position at which a search continues. */
export type SearchPosition =
  /** After a user with the address or number. */
  { readonly contact: string } | NamePosition;

/** A position in the part of a search that goes by names. */
interface NamePosition {
  /** Index of the leading term of the query. */
  readonly lead: number;
  /** Absent: at the best word. */
  readonly from?: WordPosition;
  /** After this match among those found from there on. */
  readonly after?: { readonly points: number; readonly id: string };
}

interface SearchCommand {
  readonly query: string;
  readonly filter: UserFilter;
  readonly view: UserView;
  readonly limit: number;
  readonly position?: SearchPosition;
}

/** A match of a search. */
interface FoundUser {
  readonly user: User;
  /** In millionths. */
  readonly points: number;
  /** Field names of `User` in the contract. */
  readonly matchedFields: readonly string[];
  /** The position after this match. */
  readonly position: SearchPosition;
}

/** A page of a search. */
interface SearchPage {
  readonly found: readonly FoundUser[];
  /** Absent on the last page. Other pages may be short too. */
  readonly next?: SearchPosition;
}

/** Further words add nothing to the identification of a person. */
const MAX_TERMS = 8;
/** Number of entries that a search by several words reads and sorts at a time. */
const BLOCK = 10_000;
/** A page ends short after scanning this many entries, and the next continues. */
const MAX_SCANNED = 20_000;
/** A page also ends after its filter removed this many users. */
const MAX_FILTERED = 4_000;

/**
 * Searches users, best match first: by their address or phone number, then by their names, where each word of
 * the query matches a word of the name.
 * A search by several words is sorted within each block of 10,000 users with the rarest word.
 */
export async function searchUsers(search: UserSearch, command: SearchCommand): Promise<SearchPage> {
  const { limit, position } = command;
  const contacts = await findContacts(search, command);
  const found: FoundList = position && !('contact' in position) ? [] : contacts.behind;
  if (found.length > limit) return cut(found, limit);
  if (isAddress(command.query)) return { found };
  const names = await findNames(search, command, { list: found, known: contacts.ids });
  return names.length > limit ? cut(names, limit) : endOf(names);
}

/** A list of matches with the position to continue at, even if the page is not full. */
type FoundList = FoundUser[] & { next?: SearchPosition };

function cut(found: readonly FoundUser[], limit: number): SearchPage {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { found: page, ...(last && { next: last.position }) };
}

function endOf(found: FoundList): SearchPage {
  return { found: [...found], ...(found.next && { next: found.next }) };
}

async function findContacts(search: UserSearch, { query, filter, view, position }: SearchCommand) {
  const email = isAddress(query) ? emailKey(visibleText(query)) : null;
  const users = email
    ? await search.withEmail(filter, email, view)
    : phoneKey(query)
      ? await search.withPhone(filter, query, view)
      : [];
  const after = position && 'contact' in position ? position.contact : '';
  const matchedFields = [email ? 'email' : 'phone'];
  const behind = users
    .filter(({ id }) => id > after)
    .map((user) => ({ user, points: 1_000_000, matchedFields, position: { contact: user.id } }));
  return { ids: new Set(users.map(({ id }) => id)), behind };
}

function isAddress(query: string): boolean {
  return /^\S+@\S+$/.test(visibleText(query));
}

async function findNames(
  search: UserSearch,
  command: SearchCommand,
  { list, known }: { list: FoundList; known: ReadonlySet<string> },
): Promise<FoundList> {
  const { filter, view, limit } = command;
  const given = [...new Set(await search.termsOf(command.query))].slice(0, MAX_TERMS);
  const terms = await splitJoinedNames(search, filter.tenantId, given);
  if (terms.length === 0) return list;
  const start = command.position && !('contact' in command.position) ? command.position : undefined;
  const words = terms.map((term) => createTermWords(search, filter.tenantId, term));
  const lead = start?.lead ?? (await rarest(search, filter.tenantId, words));
  const leading = words[lead];
  if (leading === undefined) return list;
  const isSingle = terms.length === 1;
  const patterns = await Promise.all(words.filter((each) => each !== leading).map((each) => each.patterns()));
  let { from, after } = start ?? {};
  let scanned = 0;
  let filtered = 0;
  for (;;) {
    const limitOfBlock = isSingle ? Math.min(2000, (limit + 10) * (scanned > 0 ? 4 : 1)) : BLOCK;
    const { words, next } = await leading.from(from);
    const afterId = words[0] === from?.word ? (from?.id ?? '') : '';
    const walk = { tenantId: filter.tenantId, words, afterId, limit: limitOfBlock, patterns };
    const block = await search.scan(walk);
    const positionOf = ({ wordPosition, points, id }: NameMatch): NamePosition =>
      isSingle ? { lead, from: wordPosition } : { lead, ...(from && { from }), after: { points, id } };
    const matches = block.owners
      .map((owner) => matchOwner(owner, terms, lead))
      .filter((each) => each !== undefined)
      .filter((each) => !known.has(each.id) && (after === undefined || bestFirst(each, after) > 0));
    if (!isSingle) matches.sort(bestFirst);
    while (matches.length > 0) {
      const some = matches.splice(0, Math.max(100, limit + 1 - list.length));
      const users = await search.filterUsers(
        filter,
        some.map(({ id }) => id),
        view,
      );
      for (const match of some) {
        const user = users.get(match.id);
        const { points, matchedFields } = match;
        if (user) list.push({ user, points, matchedFields, position: positionOf(match) });
      }
      if (list.length > limit) return list;
      filtered += some.length;
      if (filtered >= MAX_FILTERED && matches.length > 0)
        return Object.assign(list, { next: positionOf(some.at(-1) as NameMatch) });
    }
    after = undefined;
    scanned += limitOfBlock;
    from = block.last ? leading.positionOf(block.last) : next;
    if (from === undefined) return list;
    if (scanned >= MAX_SCANNED || filtered >= MAX_FILTERED)
      return Object.assign(list, { next: { lead, from } });
  }
}

async function rarest(search: UserSearch, tenantId: string, terms: readonly TermWords[]): Promise<number> {
  if (terms.length === 1) return 0;
  let rarest = { at: 0, owners: Number.POSITIVE_INFINITY };
  for (const [at, term] of terms.entries()) {
    const { words, next } = await term.from(undefined);
    // There are further words with users of their own.
    const owners = next ? BLOCK : await search.count(tenantId, words, Math.min(BLOCK, rarest.owners));
    if (owners < rarest.owners) rarest = { at, owners };
  }
  return rarest.at;
}

/** The match of an entry. */
interface NameMatch {
  readonly id: string;
  readonly points: number;
  readonly matchedFields: readonly string[];
  readonly wordPosition: WordPosition;
}

// Undefined if a term does not match, or if another word of the entry matches the leading term better.
function matchOwner(
  { id, word, entry }: WordOwner,
  terms: readonly string[],
  lead: number,
): NameMatch | undefined {
  const words = wordsOfEntry(entry);
  const best = terms.map((term) => bestWord(term, words));
  const leading = best[lead];
  if (leading?.word !== word || best.includes(undefined)) return undefined;
  const sum = best.reduce((total, each) => total + (each?.points ?? 0), 0);
  const fields = best.reduce((all, each) => all | (each?.fields ?? 0), 0);
  const points = Math.round(sum / terms.length);
  return {
    id,
    points,
    matchedFields: fieldNames(fields),
    wordPosition: { points: leading.points, word, id },
  };
}

function bestFirst(a: { points: number; id: string }, b: { points: number; id: string }): number {
  return b.points - a.points || (a.id < b.id ? -1 : Number(a.id > b.id));
}
