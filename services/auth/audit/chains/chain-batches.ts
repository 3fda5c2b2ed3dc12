import type { AuditEntry } from '@rollcall/runtime/callers';
import type { ClientBase } from 'pg';
import { createBatchDecoder } from './batch-encoding.ts';
import type { AuditFinding, ChainRecord } from './central-chain.ts';
import { headAfter } from './chain-store.ts';

/** A batch of a chain in its stored form. */
export interface StoredBatch {
  readonly seq: number;
  readonly hash: Buffer;
  readonly lines: Buffer;
}

/** A batch and its lines. */
interface ReadBatch extends StoredBatch {
  readonly entries: readonly AuditEntry[];
}

// A batch may have a thousand lines.
const PAGE = 500;

/** Reads the batches of a chain from the database, in order. */
export async function* batchesOf(client: ClientBase, chain: string): AsyncGenerator<StoredBatch> {
  let after = 0;
  for (;;) {
    const { rows } = await client.query<StoredBatch>(
      'select seq, hash, lines from audit_batches where chain = $1 and seq > $2 order by seq limit $3',
      [chain, after, PAGE],
    );
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.seq ?? after;
  }
}

/** Reads the lines of a chain. Leaves out batches that cannot be decoded. */
export async function* entriesOf(batches: AsyncIterable<StoredBatch>): AsyncGenerator<ReadBatch> {
  const decoder = createBatchDecoder();
  for await (const batch of batches) {
    try {
      yield { ...batch, entries: decoder.decode(batch.lines) };
    } catch {
      // `checkChain` reports it.
    }
  }
}

/** The result of checking one chain. */
interface ChainCheck {
  readonly batches: number;
  readonly hash: Buffer;
  readonly lines: number;
  /** Undefined: the chain is whole. */
  readonly finding: AuditFinding | undefined;
}

/**
 * Computes a chain again and compares it with the checkpoints of the central chain. Stops at the first fault.
 */
export async function checkChain(
  record: ChainRecord,
  batches: AsyncIterable<StoredBatch>,
): Promise<ChainCheck> {
  const decoder = createBatchDecoder();
  const last = Math.max(0, ...record.checkpoints.keys());
  let [head, lines] = [{ batches: 0, hash: record.opening }, 0];
  const broken = (seq: number, why: string): ChainCheck => ({
    ...head,
    lines,
    finding: { place: `batch ${seq} of chain ${record.chain}`, why },
  });
  for await (const batch of batches) {
    const next = headAfter(head, batch.lines);
    if (batch.seq !== next.batches) return broken(next.batches, 'it is missing');
    if (!batch.hash.equals(next.hash))
      return broken(next.batches, 'its text is not the one that was written');
    const mark = record.checkpoints.get(next.batches);
    if (mark && !mark.equals(next.hash))
      return broken(next.batches, 'the chain up to here is not the one that the central chain noted');
    if (record.closed && next.batches > record.closed.batches)
      return broken(next.batches, 'it was written after the chain was closed');
    try {
      lines += decoder.decode(batch.lines).length;
    } catch (error) {
      return broken(next.batches, (error as Error).message);
    }
    head = next;
  }
  if (head.batches < last)
    return broken(head.batches + 1, `it is missing: the central chain noted ${last} batches`);
  return { ...head, lines, finding: undefined };
}
