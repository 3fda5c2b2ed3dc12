import { type Secret, StartupError } from '@rollcall/runtime';
import pg from 'pg';

/** Rights of a service in a database that another role owns: all rights on rows, except these. */
export interface ServiceRights {
  /** Tables that the service only reads. */
  readonly readOnly: readonly string[];
  /** Functions that only the owner and the service may execute, as `name(types)`. */
  readonly execute: readonly string[];
}

// Any number: concurrent processes wait for each other.
const LOCK = 7_240_518_303;

/** Table of applied migrations. */
const MIGRATIONS_TABLE = 'mikro_orm_migrations';

/** Returns the role of a database URL. */
export function roleOf(url: Secret): string {
  return decodeURIComponent(new URL(url.reveal()).username);
}

/**
 * Grants the role of a service its rights in the schema `public`, and revokes all others there. Repeating it
 * changes nothing.
 * @param ownerUrl of the role that owns the tables
 * @throws StartupError when the role does not exist, or could grant itself more
 */
export async function grantServiceRights(
  ownerUrl: Secret,
  role: string,
  rights: ServiceRights,
): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl.reveal(), connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    await requireSubordinate(client, role);
    const { rows } = await client.query<Named>(
      `select relname as name, relkind = 'S' as "isSequence" from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S') order by relname`,
    );
    const { rows: versions } = await client.query<{ hasMaintain: boolean }>(
      `select current_setting('server_version_num')::int >= 170000 as "hasMaintain"`,
    );
    const hasMaintain = versions[0]?.hasMaintain ?? false;
    const grants = rows.flatMap((each) => statementsFor(each, { role, rights, hasMaintain }));
    await client.query(
      [
        'begin',
        `select pg_advisory_xact_lock(${LOCK})`,
        ...schemaStatements(role, rights),
        ...grants,
        'commit',
      ].join(';\n'),
    );
  } finally {
    await client.end();
  }
}

interface Named {
  readonly name: string;
  readonly isSequence: boolean;
}

interface Granting {
  readonly role: string;
  readonly rights: ServiceRights;
  /** Whether the right MAINTAIN exists: since PostgreSQL 17. */
  readonly hasMaintain: boolean;
}

function schemaStatements(role: string, { execute }: ServiceRights): string[] {
  const to = pg.escapeIdentifier(role);
  const isMade = (name: string) => `to_regprocedure(${pg.escapeLiteral(`public.${name}`)}) is not null`;
  const body = execute.map(
    (name) => `if ${isMade(name)} then
      revoke all on function public.${name} from public;
      grant execute on function public.${name} to ${to};
    end if;`,
  );
  return [
    'revoke create on schema public from public',
    `revoke all on schema public from ${to}`,
    `grant usage on schema public to ${to}`,
    ...(body.length > 0 ? [`do $rights$ begin ${body.join('\n')} end $rights$`] : []),
  ];
}

function statementsFor({ name, isSequence }: Named, { role, rights, hasMaintain }: Granting): string[] {
  const [on, to] = [`public.${pg.escapeIdentifier(name)}`, pg.escapeIdentifier(role)];
  if (isSequence) return [`grant usage, select on sequence ${on} to ${to}`];
  const isReadOnly = name.startsWith(MIGRATIONS_TABLE) || rights.readOnly.includes(name);
  const granted = isReadOnly ? 'select' : `select, insert, update, delete${hasMaintain ? ', maintain' : ''}`;
  return [`revoke all on ${on} from ${to}`, `grant ${granted} on ${on} to ${to}`];
}

/** A superuser, or a role that may become the owner, has every right whatever is granted. */
async function requireSubordinate(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query<{ isAbove: boolean }>(
    `select rolsuper or pg_has_role(rolname, current_user, 'MEMBER') as "isAbove" from pg_roles where rolname = $1`,
    [role],
  );
  const [found] = rows;
  if (!found)
    throw new StartupError(
      `The database has no role "${role}", which the service is to use: create it first`,
    );
  if (found.isAbove)
    throw new StartupError(
      `The role "${role}" of the service is a superuser or a member of the role that owns the tables, so that nothing is out of its reach: give the service a role that is neither`,
    );
}
