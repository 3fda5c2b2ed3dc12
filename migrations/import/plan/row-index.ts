import { DatabaseSync } from 'node:sqlite';
import { digest } from './request-ids.ts';

/** Link of a person: a user, or the reason why the person has no user. */
export type Link = { readonly userId: string } | { readonly reason: string };

/** Rows and people of one run so far. It may exceed memory. */
export interface RowIndex extends Disposable {
  /** Counts this content. @returns how often it was counted before */
  countEarlier(content: Buffer): number;
  /** Returns the link of a person. Undefined for a new person. */
  link(emailKey: string): Link | undefined;
  /** Stores the link of a person. */
  setLink(emailKey: string, link: Link): void;
  /** Returns the given parts that differ from the person's first row. */
  differing<Part extends string>(emailKey: string, parts: Readonly<Record<Part, string>>): Part[];
  /** Returns the number of people with a link. */
  countPeople(): number;
}

/**
 * Opens an empty index. It is an anonymous SQLite database: in memory while it is small, else in a temporary
 * file that ends with the process. It holds digests and user ids, no contact data.
 */
export function openRowIndex(): RowIndex {
  const database = new DatabaseSync('');
  database.exec(`
    create table contents (digest blob primary key, seen integer not null) without rowid;
    create table firsts (digest blob, part text, value blob not null, primary key (digest, part)) without rowid;
    create table people (digest blob primary key, user_id text, reason text) without rowid;`);
  const count = database.prepare(
    'insert into contents values (?, 1) on conflict do update set seen = seen + 1 returning seen',
  );
  const first = database.prepare(
    'insert into firsts values (?, ?, ?) on conflict do update set value = value returning value',
  );
  const find = database.prepare('select user_id, reason from people where digest = ?');
  const note = database.prepare('insert or replace into people values (?, ?, ?)');
  const people = database.prepare('select count(*) as size from people');
  return {
    countEarlier: (content) => Number(count.get(content)?.seen) - 1,
    link(emailKey) {
      const row = find.get(digest([emailKey]));
      if (!row) return undefined;
      return row.user_id === null ? { reason: String(row.reason) } : { userId: String(row.user_id) };
    },
    setLink(emailKey, link) {
      const isUser = 'userId' in link;
      note.run(digest([emailKey]), isUser ? link.userId : null, isUser ? null : link.reason);
    },
    differing(emailKey, parts) {
      const person = digest([emailKey]);
      const entries = Object.entries<string>(parts).map(([part, text]) => {
        const value = digest([text]);
        const isFirst = value.equals(first.get(person, part, value)?.value as Uint8Array);
        return { part: part as keyof typeof parts, isOther: text !== '' && !isFirst };
      });
      return entries.filter(({ isOther }) => isOther).map(({ part }) => part);
    },
    countPeople: () => Number(people.get()?.size),
    [Symbol.dispose]: () => database.close(),
  };
}
