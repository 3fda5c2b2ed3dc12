import type { Client } from 'pg';

/** A column of a service's own tables. */
export interface Column {
  /** `bookings.title` */
  readonly name: string;
  /** As Postgres calls it: `text`, `_uuid`. */
  readonly type: string;
  /** Whether a constraint lists the values that it can have. */
  readonly isListed: boolean;
}

/** What a service may keep about users beside their ids, and why. */
export interface Allowed {
  /** By column: why it holds no name, e-mail address or phone number of a user, or why it may. */
  readonly columns: Readonly<Record<string, string>>;
  /** By the end of a column's name, the same for all tables. */
  readonly endings: Readonly<Record<string, string>>;
}

/** What can hold no text. Of a type that is not here, it is not known. */
const TEXTLESS = /^_?(uuid|int[248]|bool|date|time|timetz|timestamp|timestamptz|interval|numeric|float[48])$/;

/** What a column would be called that holds something personal, whatever its type. */
const PERSONAL =
  /(^|_)(.*name|e?mail|phone|mobile|tel|fax|address|street|contact|profile|person|birth|avatar|image)(_|$)/;

/**
 * Every column of the tables and views of a database; not those of the queue, which has a schema of its own.
 */
export async function readColumns(client: Client): Promise<Column[]> {
  const { rows } = await client.query<Column>(COLUMNS);
  return rows;
}

// The list of migrations has no row of a service.
const COLUMNS = `select c.table_name || '.' || c.column_name as name, c.udt_name::text as type,
    exists (select from pg_constraint k
      join pg_attribute a on a.attrelid = k.conrelid and a.attname = c.column_name and k.conkey = array[a.attnum]
      where k.contype = 'c' and k.conrelid = format('%I.%I', c.table_schema, c.table_name)::regclass
        and pg_get_constraintdef(k.oid) ~ '^CHECK \\(\\("?\\w+"? = ANY \\(ARRAY\\[(''[A-Za-z_]+''::text(, )?)+\\]\\)\\)\\)$') as "isListed"
  from information_schema.columns c
  where c.table_schema not in ('pg_catalog', 'information_schema', 'graphile_worker', 'outbox')
    and c.table_name <> 'mikro_orm_migrations'
  order by 1`;

/**
 * The columns that could hold a name, an e-mail address or a phone number, and that nobody has given a reason
 * for.
 */
export function unexplained(columns: readonly Column[], { columns: explained, endings }: Allowed): string[] {
  const isExplained = ({ name }: Column) =>
    Object.hasOwn(explained, name) || Object.keys(endings).some((ending) => name.endsWith(ending));
  return columns
    .filter((column) => couldHoldAPerson(column) && !isExplained(column))
    .map(({ name, type }) => `${name} (${type})`);
}

/** The columns with a reason of their own that are not there any more. */
export function outdated(columns: readonly Column[], { columns: explained }: Allowed): string[] {
  const names = new Set(columns.map(({ name }) => name));
  return Object.keys(explained).filter((name) => !names.has(name));
}

function couldHoldAPerson({ name, type, isListed }: Column): boolean {
  const [, column = ''] = name.split('.');
  return PERSONAL.test(column) || !(isListed || TEXTLESS.test(type));
}
