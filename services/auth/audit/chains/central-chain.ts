import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

/** A position in the central chain: the number of an entry, and the hash of all entries up to it. */
export interface AuditHead {
  readonly seq: bigint;
  /** Hexadecimal. */
  readonly hash: string;
}

/** A place where the log is not as it was written. */
export interface AuditFinding {
  readonly place: string;
  readonly why: string;
  /** Whether the central chain records it. Absent: it was found by this check. */
  readonly isNoted?: boolean;
}

/** The record of one chain in the central chain. */
export interface ChainRecord {
  readonly chain: string;
  readonly openedMs: number;
  /** The hash before the first batch. */
  readonly opening: Buffer;
  /** The hash of the chain, by number of batches. */
  readonly checkpoints: Map<number, Buffer>;
  readonly closed: { readonly batches: number; readonly hash: Buffer; readonly atMs: number } | undefined;
  readonly isExported: boolean;
  readonly isPruned: boolean;
}

/** The central chain, with hashes computed again. */
export interface CentralChain {
  /** In the order of their opening. */
  readonly chains: ReadonlyMap<string, ChainRecord>;
  /** The hash of the log before chains, by number of lines. */
  readonly legacyCheckpoints: ReadonlyMap<string, Buffer>;
  readonly head: AuditHead;
  readonly findings: readonly AuditFinding[];
  /** Whether it contains the noted head. */
  readonly hasNoted: boolean;
}

interface EntryRow {
  readonly seq: string;
  readonly kind: string;
  readonly chain: string | null;
  readonly batches: string;
  readonly head: Buffer;
  readonly at_ms: string;
  readonly note: string;
  readonly hash: Buffer;
}

const GENESIS = createHash('sha256').update('rollcall audit chains').digest();
const PAGE = 5000;

/**
 * Reads the central chain within the transaction of a connection.
 * @param noted a head that was printed before
 */
export async function readCentralChain(client: ClientBase, noted?: AuditHead): Promise<CentralChain> {
  const chains = new Map<string, ChainRecord>();
  const legacyMarks = new Map<string, Buffer>();
  const findings: AuditFinding[] = [];
  let [seq, hash, hasNoted] = [0n, GENESIS as Buffer, noted === undefined];
  const found = (at: bigint, why: string, isNoted = false) =>
    findings.push({ place: `entry ${at} of the central chain`, why, isNoted });
  for (;;) {
    const { rows } = await client.query<EntryRow>(
      'select seq, kind, chain, batches, head, at_ms, note, hash from audit_central where seq > $1 order by seq limit $2',
      [String(seq), PAGE],
    );
    for (const row of rows) {
      if (BigInt(row.seq) !== seq + 1n) found(seq + 1n, 'it is missing');
      seq = BigInt(row.seq);
      if (!row.hash.equals(hashOf(isCentralBreak(row) ? GENESIS : hash, row)))
        found(seq, 'its text is not the one that was written');
      hash = row.hash;
      if (row.kind === 'break') found(seq, whyOf(row), true);
      hasNoted ||= noted?.seq === seq && noted.hash === hash.toString('hex');
      if (row.kind === 'legacy') legacyMarks.set(row.batches, row.head);
      else enter(chains, row);
    }
    if (rows.length < PAGE) break;
  }
  const { rows: heads } = await client.query<{ seq: string; hash: Buffer }>(
    'select seq, hash from audit_central_head',
  );
  const [kept] = heads;
  if (kept?.seq !== String(seq) || !kept.hash.equals(hash))
    found(seq + 1n, `it is missing: the central chain went on to entry ${kept?.seq}`);
  return {
    chains,
    legacyCheckpoints: legacyMarks,
    head: { seq, hash: hash.toString('hex') },
    findings,
    hasNoted,
  };
}

function enter(chains: Map<string, ChainRecord>, row: EntryRow): void {
  if (row.chain === null) return;
  const batches = Number(row.batches);
  if (row.kind === 'open') {
    chains.set(row.chain, {
      chain: row.chain,
      openedMs: Number(row.at_ms),
      opening: row.hash,
      checkpoints: new Map(),
      closed: undefined,
      isExported: false,
      isPruned: false,
    });
    return;
  }
  const before = chains.get(row.chain);
  if (!before) return;
  before.checkpoints.set(batches, row.head);
  const closed = row.kind === 'close' ? { batches, hash: row.head, atMs: Number(row.at_ms) } : before.closed;
  chains.set(row.chain, {
    ...before,
    closed,
    isExported: before.isExported || row.kind === 'export',
    isPruned: before.isPruned || row.kind === 'prune',
  });
}

function whyOf(row: EntryRow): string {
  const where = row.chain === null ? '' : ` of chain ${row.chain} after batch ${row.batches}`;
  return `it notes a break at ${timeOf(row)}${where}: ${row.note}`;
}

function isCentralBreak({ kind, chain }: EntryRow): boolean {
  return kind === 'break' && chain === null;
}

function timeOf({ at_ms }: EntryRow): string {
  return new Date(Number(at_ms)).toISOString();
}

function hashOf(before: Buffer, row: EntryRow): Buffer {
  const fields = [
    row.seq,
    row.kind,
    row.chain ?? '',
    row.batches,
    row.head.toString('hex'),
    row.at_ms,
    row.note,
  ];
  return createHash('sha256').update(before).update(fields.join('|')).digest();
}
