import type { UserFilter } from '../reading/user-reads.ts';
import type { User, UserView } from '../user.ts';

/** A place among the words that match a term, best first, and among those who have the word. */
export interface WordPosition {
  /** See `pointsOf`. */
  readonly points: number;
  readonly word: string;
  /** Behind this user; empty: before the first. */
  readonly id: string;
}

/** Somebody who has a word, and all words of theirs: see `wordsOfEntry`. */
export interface WordOwner {
  readonly word: string;
  readonly id: string;
  readonly entry: string;
}

/** A stretch of those who have one of some words, in the order of the words, then of the ids. */
export interface OwnerBlock {
  /** Those of the stretch who also match the patterns. */
  readonly owners: readonly WordOwner[];
  /** The last of the stretch, where there may be more behind it; absent: nobody is left. */
  readonly last?: { readonly word: string; readonly id: string };
}

/** What to walk through. */
export interface OwnerScan {
  readonly tenantId: string;
  readonly words: readonly string[];
  /** Of the first word, begin behind this user; empty: at the first. */
  readonly afterId: string;
  /** How many to look at. */
  readonly limit: number;
  /** Of each list one must match the entry: SQL's LIKE, with `\` to escape. */
  readonly patterns: readonly (readonly string[])[];
}

/** Which of some texts are in names. */
export interface KnownParts {
  readonly words: ReadonlySet<string>;
  /** Whole words too. */
  readonly beginnings: ReadonlySet<string>;
}

/** What a search reads. Each call does bounded work. */
export interface UserSearch {
  /** The words of a text as they are searched: without letter case, accents, punctuation. */
  termsOf(query: string): Promise<string[]>;
  /** Words that are the term, begin with it or hold it: best first, from a place on. */
  wordsWith(tenantId: string, term: string, from: WordPosition | undefined): Promise<string[]>;
  /** Words that may have one letter other than the term; not all have. */
  wordsNear(tenantId: string, forms: { term: string; shortened: readonly string[] }): Promise<string[]>;
  /** Which of the texts are words of names, and which are beginnings of words. */
  knownParts(tenantId: string, parts: readonly string[]): Promise<KnownParts>;
  /** Whether somebody who has the word has words that begin with each of the others. Looks at a bounded number of users. */
  isNameOfOneUser(tenantId: string, name: { word: string; others: readonly string[] }): Promise<boolean>;
  scan(walk: OwnerScan): Promise<OwnerBlock>;
  /** How many have one of the words, counted no further than the limit. */
  count(tenantId: string, words: readonly string[], limit: number): Promise<number>;
  /** Those of the users whom the filter lets through. */
  filterUsers(filter: UserFilter, ids: readonly string[], view: UserView): Promise<ReadonlyMap<string, User>>;
  /** Users by `emailKey`, in order of their ids. */
  withEmail(filter: UserFilter, key: string, view: UserView): Promise<User[]>;
  /** Users whose number is this one, extensions aside, in order of their ids. */
  withPhone(filter: UserFilter, phone: string, view: UserView): Promise<User[]>;
}

/** As many words `wordsWith` answers at most; fewer: there are no more. */
export const WORDS_AT_ONCE = 200;
