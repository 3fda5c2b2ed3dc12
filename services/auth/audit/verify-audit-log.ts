import type { Pool } from '@rollcall/runtime/postgres';
import type { ClientBase } from 'pg';
import {
  type AuditFinding,
  type AuditHead,
  type CentralChain,
  readCentralChain,
} from './chains/central-chain.ts';
import { batchesOf, checkChain } from './chains/chain-batches.ts';
import { checkLegacyLog } from './verify-legacy-log.ts';

/** The result of checking the whole log. */
interface AuditVerdict {
  /** None: the log is whole. */
  readonly findings: readonly AuditFinding[];
  /** Head of the central chain. To be kept outside of the database. */
  readonly head: AuditHead;
  /** Lines in the database. */
  readonly lines: bigint;
  readonly chains: number;
  /** Chains that were exported and pruned, of which the central chain has the heads. */
  readonly pruned: number;
}

/**
 * Reads the whole log and computes its chains again, outside of the database.
 * @param noted a head that was printed before, which the log must still have. Without it, a log that the
 * owner of the database has written again looks whole.
 */
export function verifyAuditLog(pool: Pool, noted?: AuditHead): Promise<AuditVerdict> {
  return inSnapshot(pool, async (client) => {
    const central = await readCentralChain(client, noted);
    const old = await checkLegacyLog(client, { marks: central.legacyCheckpoints, noted });
    const kept = [...central.chains.values()].filter(({ isPruned }) => !isPruned);
    const findings = [...central.findings, ...(old.finding ? [old.finding] : [])];
    let lines = old.lines;
    const rows = await chainRows(client);
    for (const record of kept) {
      const check = await checkChain(record, batchesOf(client, record.chain));
      lines += BigInt(check.lines);
      const finding = check.finding ?? compare(record.chain, check, rows.get(record.chain));
      if (finding) findings.push(finding);
    }
    findings.push(...(await unknownChains(client, central, rows)));
    if (noted && !central.hasNoted && !old.hasNoted)
      findings.push({ place: `entry ${noted.seq}`, why: 'the log is not the one whose head was noted' });
    const pruned = central.chains.size - kept.length;
    return { findings, head: central.head, lines, chains: kept.length, pruned };
  });
}

/** Runs `work` on one connection with a snapshot of the log: later writes do not show. */
export async function inSnapshot<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    return await work(client);
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}

interface ChainRow {
  readonly id: string;
  readonly batches: number;
  readonly hash: Buffer;
}

async function chainRows(client: ClientBase): Promise<Map<string, ChainRow>> {
  const { rows } = await client.query<ChainRow>('select id, batches, hash from audit_chains');
  return new Map(rows.map((row) => [row.id, row]));
}

function compare(
  chain: string,
  found: { readonly batches: number; readonly hash: Buffer },
  row: ChainRow | undefined,
): AuditFinding | undefined {
  const place = `batch ${found.batches + 1} of chain ${chain}`;
  if (!row) return { place: `chain ${chain}`, why: 'its head is missing' };
  if (row.batches !== found.batches || !row.hash.equals(found.hash))
    return { place, why: `it is missing: the chain went on to batch ${row.batches}` };
  return undefined;
}

/** Finds chains that the central chain does not know, or knows as pruned. */
async function unknownChains(
  client: ClientBase,
  { chains }: CentralChain,
  rows: ReadonlyMap<string, ChainRow>,
): Promise<AuditFinding[]> {
  // One step of the index for each chain.
  const { rows: present } = await client.query<{ chain: string }>(
    `with recursive chains as (
       (select chain from audit_batches order by chain limit 1)
       union all
       select (select b.chain from audit_batches b where b.chain > c.chain order by b.chain limit 1)
       from chains c where c.chain is not null
     ) select chain from chains where chain is not null`,
  );
  const all = new Set([...rows.keys(), ...present.map(({ chain }) => chain)]);
  return [...all]
    .filter((chain) => chains.get(chain)?.isPruned !== false)
    .map((chain) => ({ place: `chain ${chain}`, why: 'the central chain does not know it' }));
}
