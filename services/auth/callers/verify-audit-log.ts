import { createHash } from 'node:crypto';
import type { Pool } from '@rollcall/runtime/postgres';

/** A place in the log: the number of a line, and the hash of all up to it. */
export interface AuditHead {
  readonly seq: bigint;
  /** Hexadecimal. */
  readonly hash: string;
}

/** What a look through the log found. */
export type AuditVerdict =
  | { readonly isWhole: true; readonly head: AuditHead }
  /** `seq` is the first line that is not as it was written. */
  | { readonly isWhole: false; readonly seq: bigint; readonly why: string };

interface Line {
  readonly seq: string;
  readonly content: string;
  readonly hash: Buffer;
}

const GENESIS = createHash('sha256').update('rollcall audit log').digest();
const PAGE = 5000;

/**
 * Goes through the whole log and computes its chain anew, outside of the database that keeps it.
 * @param noted a head that was noted before: the log must still have been so then. Without it, a log that was written anew
 * from some line on, by somebody who may do everything in the database, looks whole.
 */
export async function verifyAuditLog(pool: Pool, noted?: AuditHead): Promise<AuditVerdict> {
  const client = await pool.connect();
  try {
    // Lines that are written meanwhile are not seen, in the head neither.
    await client.query('begin isolation level repeatable read read only');
    let seq = 0n;
    let hash: Buffer = GENESIS;
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
        [seq, hash] = [next, line.hash];
        if (noted?.seq === seq && noted.hash !== hash.toString('hex'))
          return broken(seq, 'the log up to here is not the one whose head was noted');
      }
      if (rows.length < PAGE) break;
    }
    const head = await client.query<{ seq: string; hash: Buffer }>('select seq, hash from audit_head');
    const kept = head.rows[0];
    if (kept?.seq !== String(seq) || !kept.hash.equals(hash))
      return broken(seq + 1n, `it is missing: the log went on to line ${kept?.seq}`);
    if (noted && noted.seq > seq)
      return broken(seq + 1n, `it is missing: the noted head is line ${noted.seq}`);
    return { isWhole: true, head: { seq, hash: hash.toString('hex') } };
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}

function hashOf(before: Buffer, seq: bigint, content: string): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(seq);
  return createHash('sha256').update(before).update(number).update(content).digest();
}

function broken(seq: bigint, why: string): AuditVerdict {
  return { isWhole: false, seq, why };
}
