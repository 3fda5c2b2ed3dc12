import type { UserFilter } from '../reading/user-reads.ts';
import type { User, UserView } from '../user.ts';

/** A position among the words that match a term, best first, and among the users of a word. */
export interface WordPosition {
  /** See `pointsOf`. */
  readonly points: number;
  readonly word: string;
  /** After this user; empty: before the first. */
  readonly id: string;
}

/** A user with a word, and the entry of all its words: see `wordsOfEntry`. */
export interface WordOwner {
  readonly word: string;
  readonly id: string;
  readonly entry: string;
}

/** A block of users with one of some words, in order of the words, then of the ids. */
export interface OwnerBlock {
  /** The users of the block that match the patterns. */
  readonly owners: readonly WordOwner[];
  /** The last user of a full block, after which the next block begins. Absent: this is the last block. */
  readonly last?: { readonly word: string; readonly id: string };
}

/** The block to scan. */
export interface OwnerScan {
  readonly tenantId: string;
  readonly words: readonly string[];
  /** Begin after this user of the first word; empty: at the first. */
  readonly afterId: string;
  /** Number of users to scan. */
  readonly limit: number;
  /** LIKE patterns with `\` as escape. The entry must match one of each list. */
  readonly patterns: readonly (readonly string[])[];
}

/** The texts among those asked for that occur in names. */
export interface KnownParts {
  readonly words: ReadonlySet<string>;
  /** Includes whole words. */
  readonly beginnings: ReadonlySet<string>;
}

/** Reads for a search. Each call does bounded work. */
export interface UserSearch {
  /**
   * The words of a text in the form in which they are searched, without letter case, accents and punctuation.
   */
  termsOf(query: string): Promise<string[]>;
  /** Words that equal, begin with or contain the term: best first, from a position on. */
  wordsWith(tenantId: string, term: string, from: WordPosition | undefined): Promise<string[]>;
  /** Words that may differ from the term by one letter; some differ more. */
  wordsNear(tenantId: string, forms: { term: string; shortened: readonly string[] }): Promise<string[]>;
  /** The texts that are words of names, and those that begin a word. */
  knownParts(tenantId: string, parts: readonly string[]): Promise<KnownParts>;
  /**
   * Whether some user with the word also has words that begin with each of the others. Looks at a bounded
   * number of users.
   */
  isNameOfOneUser(tenantId: string, name: { word: string; others: readonly string[] }): Promise<boolean>;
  scan(walk: OwnerScan): Promise<OwnerBlock>;
  /** The number of users with one of the words, counted up to the limit. */
  count(tenantId: string, words: readonly string[], limit: number): Promise<number>;
  /** The users that match the filter, by id. */
  filterUsers(filter: UserFilter, ids: readonly string[], view: UserView): Promise<ReadonlyMap<string, User>>;
  /** Users by `emailKey`, in order of their ids. */
  withEmail(filter: UserFilter, key: string, view: UserView): Promise<User[]>;
  /** Users by phone number, ignoring extensions, in order of their ids. */
  withPhone(filter: UserFilter, phone: string, view: UserView): Promise<User[]>;
}

/** Maximum number of words that `wordsWith` returns. Fewer means that there are no more. */
export const WORDS_AT_ONCE = 200;
