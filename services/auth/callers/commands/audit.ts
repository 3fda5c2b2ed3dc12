import { parseArgs } from 'node:util';
import { StartupError } from '@rollcall/runtime';
import type { AuditEntry } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { type AuditHead, verifyAuditLog } from '../verify-audit-log.ts';

/** What --help prints. */
export const AUDIT_HELP = `npm run audit -- verify [--head LINE:HASH]
npm run audit -- tail [--lines N]

verify   computes the chain of hashes anew; names the first line that is not as it was written, and exits 1
--head   a head that an earlier verify printed: the log must still have been so then. Keep it outside of the database.
tail     prints the last lines, oldest first, as JSON
--lines  how many, 1 to 10000; default 20

The database is found by AUTH_DATABASE_URL.
`;

const OPTIONS = { head: { type: 'string' }, lines: { type: 'string' } } as const;
const SEE_HELP = '--help says more';

/** What to do with the audit log. */
export type AuditCommand =
  | { readonly kind: 'verify'; readonly head: AuditHead | undefined }
  | { readonly kind: 'tail'; readonly lines: number };

/** Reads the command. Throws StartupError in one line. */
export function readAuditCommand(args: readonly string[]): AuditCommand {
  const { values, positionals } = parse(args);
  const [verb, ...rest] = positionals;
  if (rest.length > 0) throw new StartupError(`"${rest[0]}" is one argument too many: ${SEE_HELP}`);
  if (verb === 'verify')
    return { kind: 'verify', head: values.head === undefined ? undefined : toHead(values.head) };
  if (verb === 'tail') return { kind: 'tail', lines: toLines(values.lines ?? '20') };
  throw new StartupError(`There is no command "${verb ?? ''}": say verify or tail; ${SEE_HELP}`);
}

/** Does it, and answers what to print. Throws StartupError naming the first line that is broken. */
export async function runAuditCommand(command: AuditCommand, pool: Pool): Promise<string> {
  if (command.kind === 'tail') {
    const { rows } = await pool.query<{ seq: string; content: string }>(
      'select seq, content from audit_log order by seq desc limit $1',
      [command.lines],
    );
    return rows
      .reverse()
      .map(
        ({ seq, content }) =>
          `${JSON.stringify({ seq: Number(seq), ...(JSON.parse(content) as AuditEntry) })}\n`,
      )
      .join('');
  }
  const verdict = await verifyAuditLog(pool, command.head);
  if (!verdict.isWhole)
    throw new StartupError(
      `The audit log is broken at line ${verdict.seq}: ${verdict.why}. Keep the database as it is, and find out who could write to it`,
    );
  const { seq, hash } = verdict.head;
  return `The audit log is whole: ${seq} lines. Its head, to keep elsewhere: ${seq}:${hash}\n`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new StartupError(`${(error as Error).message.split('\n', 1)[0]}; ${SEE_HELP}`, { cause: error });
  }
}

function toHead(text: string): AuditHead {
  const [, seq, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new StartupError(`--head must be LINE:HASH as verify prints it, not "${text}"`);
  return { seq: BigInt(seq), hash };
}

function toLines(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 1 && lines <= 10_000) return lines;
  throw new StartupError(`--lines must be a whole number from 1 to 10000, not "${text}"`);
}
