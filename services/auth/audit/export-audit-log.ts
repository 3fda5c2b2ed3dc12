import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { ClientBase } from 'pg';
import { type CentralChain, type ChainRecord, readCentralChain } from './chains/central-chain.ts';
import { batchesOf } from './chains/chain-batches.ts';
import { BrokenExportError, exportName, writeExport } from './exported-chain.ts';
import { inSnapshot } from './verify-audit-log.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Writes each closed chain that was not exported to a file, verifies the file, and records the export.
 * @param pool of the role that owns the tables
 * @returns paths of the files
 * @throws StartupError naming the broken chains, after all others are exported
 */
export async function exportChains(pool: Pool, directory: string): Promise<string[]> {
  const paths: string[] = [];
  const broken: string[] = [];
  const chains = await knownChains(pool);
  const states = await statesOf(pool);
  for (const record of chains) {
    if (!record.closed || record.isExported || states.get(record.chain) !== 'closed') continue;
    const path = join(directory, exportName(record));
    const digest = await inSnapshot(pool, (client) => exportOne(client, path, record)).catch(
      (error: unknown) => {
        if (!(error instanceof BrokenExportError)) throw error;
        broken.push(error.message);
      },
    );
    if (digest === undefined) continue;
    await pool.query('select audit_export($1, $2)', [record.chain, `sha256 ${digest}`]);
    paths.push(path);
  }
  if (broken.length > 0)
    throw new StartupError([...paths.map((path) => `${path} is exported`), ...broken].join('\n'));
  return paths;
}

/**
 * Deletes chains that were exported, and closed more days ago than the retention. The central chain keeps
 * their heads.
 * @param pool of the role that owns the tables
 * @returns ids of the chains
 */
export async function pruneChains(
  pool: Pool,
  retentionDays: number,
  nowMs: number = Date.now(),
): Promise<string[]> {
  const before = nowMs - retentionDays * DAY_MS;
  const due = (await knownChains(pool)).filter(
    ({ closed, isExported, isPruned }) => closed && isExported && !isPruned && closed.atMs <= before,
  );
  for (const { chain } of due) await pool.query('select audit_prune($1)', [chain]);
  return due.map(({ chain }) => chain);
}

async function exportOne(client: ClientBase, path: string, record: ChainRecord): Promise<string> {
  try {
    return await writeExport(path, record, batchesOf(client, record.chain));
  } catch (error) {
    if (!isOfFiles(error)) throw error;
    throw new StartupError(`${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether the file system caused an error, and not the database. */
function isOfFiles(error: unknown): boolean {
  const { path, syscall } = error as NodeJS.ErrnoException;
  return (
    path !== undefined || (syscall !== undefined && ['write', 'fsync', 'rename', 'close'].includes(syscall))
  );
}

// The central chain is trusted only when it is whole. Breaks that it records are part of it.
async function knownChains(pool: Pool): Promise<ChainRecord[]> {
  const central = await inSnapshot(pool, (client) => readCentralChain(client));
  requireWhole(central);
  return [...central.chains.values()];
}

function requireWhole({ findings }: CentralChain): void {
  const [first] = findings.filter(({ isNoted }) => !isNoted);
  if (first) throw new StartupError(`Nothing is exported or pruned: ${first.place}: ${first.why}`);
}

async function statesOf(pool: Pool): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ id: string; state: string }>('select id, state from audit_chains');
  return new Map(rows.map(({ id, state }) => [id, state]));
}
