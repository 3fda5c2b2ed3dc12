import { resolve } from 'node:path';
import { parseTime, readCommand, SEE_HELP, StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import { readAuditProtection, unprotectedWarning } from '../audit/audit-watch.ts';
import { type AuditHead, readCentralChain } from '../audit/chains/central-chain.ts';
import { entriesOf } from '../audit/chains/chain-batches.ts';
import { exportChains, pruneChains } from '../audit/export-audit-log.ts';
import { checkExport, openExport } from '../audit/exported-chain.ts';
import {
  type AuditQuery,
  createNewestEntries,
  findEntries,
  matches,
  type PlacedEntry,
} from '../audit/search-audit-log.ts';
import { inSnapshot, verifyAuditLog } from '../audit/verify-audit-log.ts';
import { METHODS } from '../callers/access.ts';

export const AUDIT_HELP = `npm run audit -- verify [--head NUMBER:HASH] [--file FILE]
npm run audit -- tail [--lines N] [--file FILE]
npm run audit -- search [--user ID] [--caller NAME] [--tenant NAME] [--method NAME] [--outcome NAME]
                 [--from TIME] [--to TIME] [--lines N] [--file FILE]
npm run audit -- export --to DIRECTORY
npm run audit -- prune [--days N]

verify   computes the chains of hashes anew; names what is not as it was written, and exits 1
--head   a head that an earlier verify printed: the log must still have been so then. Keep it outside of the database.
--file   an exported chain in place of those in the database
tail     prints the last lines, oldest first, as JSON
search   prints the last lines that are asked for, oldest first, as JSON; without --from it looks through all chains
--from   a day (2026-12-01, UTC) or a time (2026-12-01T08:00:00Z); --to likewise, and exclusive
--lines  how many, 1 to 10000; default 20, for search 1000
export   writes each chain that was closed to a file, verifies it, and notes it
prune    deletes chains that were exported, and closed more days ago than --days says; default AUTH_AUDIT_RETENTION_DAYS

The database is found by AUTH_DATABASE_URL, else it is that of npm start; export and prune take AUTH_DATABASE_OWNER_URL
where it is set.
`;

const OPTIONS = {
  head: { type: 'string' },
  lines: { type: 'string' },
  file: { type: 'string' },
  user: { type: 'string' },
  caller: { type: 'string' },
  tenant: { type: 'string' },
  method: { type: 'string' },
  outcome: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  days: { type: 'string' },
} as const;

const RULES = {
  options: OPTIONS,
  commands: {
    verify: { options: ['head', 'file'] },
    tail: { options: ['lines', 'file'] },
    search: {
      options: ['user', 'caller', 'tenant', 'method', 'outcome', 'from', 'to', 'lines', 'file'],
    },
    export: { options: ['to'] },
    prune: { options: ['days'] },
  },
} as const;
const MAX_SHOWN_FINDINGS = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A command for the audit log. */
export type AuditCommand =
  | { readonly kind: 'verify'; readonly head?: AuditHead | undefined; readonly file?: string | undefined }
  | {
      readonly kind: 'show';
      readonly query: AuditQuery;
      readonly limit: number;
      readonly file?: string | undefined;
    }
  | { readonly kind: 'export'; readonly directory: string }
  | { readonly kind: 'prune'; readonly days: number };

/**
 * Reads the arguments of the command.
 * @param retentionDays the value of AUTH_AUDIT_RETENTION_DAYS; undefined: not set
 * @param folder that relative paths start from. Default: the folder of the process
 * @throws StartupError in one line
 */
export function readAuditCommand(
  args: readonly string[],
  retentionDays?: number,
  folder: string = process.cwd(),
): AuditCommand {
  const { command, values } = readCommand('npm run audit', args, RULES);
  const file = values.file === undefined ? undefined : resolve(folder, values.file);
  switch (command) {
    case 'verify':
      return { kind: 'verify', head: values.head === undefined ? undefined : toHead(values.head), file };
    case 'tail':
      return { kind: 'show', query: {}, limit: toCount('--lines', values.lines ?? '20', 10_000), file };
    case 'search':
      return {
        kind: 'show',
        query: toQuery(values),
        limit: toCount('--lines', values.lines ?? '1000', 10_000),
        file,
      };
    case 'export':
      if (values.to === undefined) throw new StartupError(`--to DIRECTORY is missing: ${SEE_HELP}`);
      return { kind: 'export', directory: resolve(folder, values.to) };
    case 'prune':
      return { kind: 'prune', days: toDays(values.days, retentionDays) };
  }
}

/**
 * Runs the command, and answers its output.
 * @throws StartupError naming what is broken
 */
export async function runAuditCommand(command: AuditCommand, pool: Pool): Promise<string> {
  switch (command.kind) {
    case 'verify':
      return command.file === undefined
        ? await verify(pool, command.head)
        : await verifyFile(pool, command.file);
    case 'show': {
      const found =
        command.file === undefined ? await show(pool, command) : await showFile(command.file, command);
      return found.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    }
    case 'export': {
      const paths = await exportChains(pool, command.directory);
      return paths.length > 0 ? paths.map((path) => `${path}\n`).join('') : 'no chain to export\n';
    }
    case 'prune': {
      const pruned = await pruneChains(pool, command.days);
      return `pruned ${pruned.length} chains\n`;
    }
  }
}

interface Showing {
  readonly query: AuditQuery;
  readonly limit: number;
}

async function show(pool: Pool, showing: Showing): Promise<PlacedEntry[]> {
  return await inSnapshot(pool, async (client) => {
    const { chains } = await readCentralChain(client);
    return await findEntries(client, chains.values(), showing);
  });
}

async function showFile(path: string, { query, limit }: Showing): Promise<PlacedEntry[]> {
  const newest = createNewestEntries(limit);
  const { chain, batches } = await openExport(path);
  for await (const { seq, entries } of entriesOf(batches()))
    for (const entry of entries) if (matches(entry, query)) newest.add({ chain, batch: seq, ...entry });
  return newest.take();
}

async function verify(pool: Pool, noted: AuditHead | undefined): Promise<string> {
  const { findings, head, lines, chains, pruned } = await verifyAuditLog(pool, noted);
  if (findings.length > 0) {
    const shown = findings
      .slice(0, MAX_SHOWN_FINDINGS)
      .map(({ place, why }) => `The audit log is broken at ${place}: ${why}`);
    const more = findings.length - shown.length;
    const end = `${more > 0 ? `And at ${more} places more. ` : ''}Keep the database as it is, and find out who could write to it`;
    throw new StartupError([...shown, end].join('\n'));
  }
  const { role, isProtected } = await readAuditProtection(pool);
  const warning = isProtected ? '' : `Warning: ${unprotectedWarning(role)}\n`;
  return `${warning}The audit log is whole: ${lines} lines in ${chains} chains, ${pruned} chains pruned. Its head, to keep elsewhere: ${head.seq}:${head.hash}\n`;
}

async function verifyFile(pool: Pool, path: string): Promise<string> {
  const { chain } = await openExport(path);
  const { chains } = await inSnapshot(pool, (client) => readCentralChain(client));
  const record = chains.get(chain);
  if (!record?.closed)
    throw new StartupError(`${path} holds chain ${chain}, of which the central chain notes no close`);
  const digest = await checkExport(path, record);
  return `The chain ${chain} of ${path} is whole: ${record.closed.batches} batches; SHA-256 of the file: ${digest}\n`;
}

type Values = { readonly [K in keyof typeof OPTIONS]?: string | undefined };

function toQuery({ user, caller, tenant, method, outcome, from, to }: Values): AuditQuery {
  const [fromMs, toMs] = [toTime('--from', from), toTime('--to', to)];
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new StartupError(`--from must be before --to: nothing is between ${from} and ${to}`);
  if (user !== undefined && !UUID.test(user))
    throw new StartupError(`--user must be the id of a user, a UUID, not "${user}"`);
  if (method !== undefined) requireMethod(method);
  return { user: user?.toLowerCase(), caller, tenant, method, outcome, fromMs, toMs };
}

// A misspelt name would find nothing, as if there had been no calls.
function requireMethod(text: string): void {
  const isKnown = METHODS.some(({ service, method }) => `.${service}/${method}`.endsWith(`.${text}`));
  if (!isKnown)
    throw new StartupError(
      `--method knows no "${text}": write Service/Method, as in UserService/GetUser; ${SEE_HELP}`,
    );
}

function toTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseTime(text).getTime();
  } catch (error) {
    throw new StartupError(`${option} must be ${(error as Error).message}, not "${text}"`, { cause: error });
  }
}

function toHead(text: string): AuditHead {
  const [, seq, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new StartupError(`--head must be NUMBER:HASH as verify prints it, not "${text}"`);
  return { seq: BigInt(seq), hash };
}

function toDays(text: string | undefined, retentionDays: number | undefined): number {
  if (text !== undefined) return toCount('--days', text, 100_000);
  if (retentionDays !== undefined) return retentionDays;
  throw new StartupError(`--days N is missing, and AUTH_AUDIT_RETENTION_DAYS is not set: ${SEE_HELP}`);
}

function toCount(option: string, text: string, max: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= max) return count;
  throw new StartupError(`${option} must be a whole number from 1 to ${max}, not "${text}"`);
}
