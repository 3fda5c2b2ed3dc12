import { createHash } from 'node:crypto';
import type { AuditEntry } from '@rollcall/runtime/callers';
import type { ClientBase } from 'pg';
import type { AuditFinding, AuditHead } from './chains/central-chain.ts';

/** The result of checking the log before chains. */
interface LegacyLogCheck {
  readonly lines: bigint;
  /** Undefined: the log is whole. */
  readonly finding: AuditFinding | undefined;
  /** Whether it has the noted head. */
  readonly hasNoted: boolean;
}

interface Line {
  readonly seq: string;
  readonly content: string;
  readonly hash: Buffer;
}

const GENESIS = createHash('sha256').update('rollcall audit log').digest();
const PAGE = 5000;

/** Computes the chain of `audit_log` again and compares it with the checkpoints of the central chain. */
export async function checkLegacyLog(
  client: ClientBase,
  { marks, noted }: { readonly marks: ReadonlyMap<string, Buffer>; readonly noted: AuditHead | undefined },
): Promise<LegacyLogCheck> {
  let [seq, hash, hasNoted] = [0n, GENESIS as Buffer, false];
  let unreadable: bigint | undefined;
  const broken = (at: bigint, why: string): LegacyLogCheck => ({
    lines: seq,
    finding: { place: `line ${at} of the log before chains`, why },
    hasNoted,
  });
  for (;;) {
    const { rows } = await client.query<Line>(
      'select seq, content, hash from audit_log where seq > $1 order by seq limit $2',
      [String(seq), PAGE],
    );
    for (const line of rows) {
      const next = seq + 1n;
      if (line.seq !== String(next)) return broken(next, 'it is missing');
      if (!line.hash.equals(hashOf(hash, next, line.content)))
        return broken(next, 'its text is not the one that was written');
      const mark = marks.get(line.seq);
      if (mark && !mark.equals(line.hash))
        return broken(next, 'the log up to here is not the one that the central chain noted');
      [seq, hash] = [next, line.hash];
      hasNoted ||= noted?.seq === seq && noted.hash === hash.toString('hex');
      if (unreadable === undefined && !readLegacyLine(line.content)) unreadable = seq;
    }
    if (rows.length < PAGE) break;
  }
  const head = await client.query<{ seq: string; hash: Buffer }>('select seq, hash from audit_head');
  const kept = head.rows[0];
  if (kept?.seq !== String(seq) || !kept.hash.equals(hash))
    return broken(seq + 1n, `it is missing: the log went on to line ${kept?.seq}`);
  const last = [...marks.keys()].map(BigInt).reduce((most, each) => (each > most ? each : most), 0n);
  if (last > seq) return broken(seq + 1n, `it is missing: the central chain noted ${last} lines`);
  if (unreadable !== undefined)
    return { ...broken(unreadable, 'somebody else wrote it: it is no line of the log'), lines: seq };
  return { lines: seq, finding: undefined, hasNoted };
}

/** Reads a line. Undefined: it is no line, because the role of the service can add any text. */
export function readLegacyLine(content: string): AuditEntry | undefined {
  let line: Partial<Record<keyof AuditEntry, unknown>> | null;
  try {
    line = JSON.parse(content) as typeof line;
  } catch {
    return undefined;
  }
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string');
  const texts = [line?.time, line?.caller, line?.method, line?.outcome];
  const isLine = isTexts(texts) && isTexts(line?.ids) && isTexts(line?.tenants);
  return isLine && !Number.isNaN(Date.parse(String(line?.time))) ? (line as AuditEntry) : undefined;
}

function hashOf(before: Buffer, seq: bigint, content: string): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(seq);
  return createHash('sha256').update(before).update(number).update(content).digest();
}
