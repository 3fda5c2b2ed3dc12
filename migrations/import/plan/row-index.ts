import { DatabaseSync } from 'node:sqlite';
import { digest } from './plan-row.ts';

/** Where a person's bookings lead: to a user, or nowhere and why. */
export type Link = { readonly userId: string } | { readonly reason: string };

/** What one run has seen so far, for rows of which there may be more than fit into memory. */
export interface RowIndex extends Disposable {
  /** How often this content was seen before, in this run; and it is seen once more with that. */
  countEarlier(content: Buffer): number;
  /** Where the person with this e-mail key leads; undefined: not met before. */
  link(emailKey: string): Link | undefined;
  /** Notes where a person leads. */
  setLink(emailKey: string, link: Link): void;
  /** Which parts of a person's row are given and differ from those of the person's first row in this run. */
  differing<Part extends string>(emailKey: string, parts: Readonly<Record<Part, string>>): Part[];
  /** How many people were noted. */
  countPeople(): number;
}

/**
 * Opens an empty index. It is SQLite's anonymous database: in memory while it is small, else in a temporary
 * file without a name, which is gone when the process is. It holds digests and user ids, no contact data.
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
