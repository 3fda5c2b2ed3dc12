import type { AuditEntry } from '@rollcall/runtime/callers';
import type { ClientBase } from 'pg';
import type { ChainRecord } from './chains/central-chain.ts';
import { batchesOf, entriesOf } from './chains/chain-batches.ts';
import { readLegacyLine } from './verify-legacy-log.ts';

/** A filter of lines. An undefined field matches all. */
export interface AuditQuery {
  /** Id of a user that the line names. */
  readonly user?: string | undefined;
  readonly caller?: string | undefined;
  readonly tenant?: string | undefined;
  /** `UserService/GetUser`, with or without its package. */
  readonly method?: string | undefined;
  readonly outcome?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** A line and its place. */
export type PlacedEntry = AuditEntry & {
  readonly chain?: string;
  readonly batch?: number;
  readonly seq?: number;
};

// The database times chains, the service times lines, and a line may wait before it is written.
const MARGIN_MS = 5 * 60_000;

/** Whether a line passes a filter. */
export function matches(entry: AuditEntry, query: AuditQuery): boolean {
  const atMs = Date.parse(entry.time);
  return (
    (query.user === undefined || entry.ids.includes(query.user)) &&
    (query.caller === undefined || entry.caller === query.caller) &&
    (query.tenant === undefined || entry.tenants.includes(query.tenant)) &&
    (query.method === undefined ||
      entry.method === query.method ||
      entry.method.endsWith(`.${query.method}`)) &&
    (query.outcome === undefined || entry.outcome === query.outcome) &&
    (query.fromMs === undefined || atMs >= query.fromMs) &&
    (query.toMs === undefined || atMs < query.toMs)
  );
}

/**
 * Finds the newest lines that pass a filter, oldest first. Reads chains in the order of their ends, newest
 * first, and only those that can have such lines.
 * @param chains the chains of the central chain
 */
export async function findEntries(
  client: ClientBase,
  chains: Iterable<ChainRecord>,
  { query, limit }: { readonly query: AuditQuery; readonly limit: number },
): Promise<PlacedEntry[]> {
  const newest = createNewestEntries(limit);
  const endOf = ({ closed }: ChainRecord) => closed?.atMs ?? Number.POSITIVE_INFINITY;
  const present = [...chains]
    .filter(({ isPruned }) => !isPruned)
    .sort((one, other) => endOf(other) - endOf(one));
  for (const record of present) {
    if (endOf(record) + MARGIN_MS < Math.max(newest.oldestMs(), query.fromMs ?? 0)) break;
    if (query.toMs !== undefined && record.openedMs - MARGIN_MS >= query.toMs) continue;
    for await (const { seq, entries } of entriesOf(batchesOf(client, record.chain)))
      for (const entry of entries)
        if (matches(entry, query)) newest.add({ chain: record.chain, batch: seq, ...entry });
  }
  for await (const entry of legacyEntries(client, newest.oldestMs))
    if (matches(entry, query)) newest.add(entry);
  return newest.take();
}

// The newest lines first, so that a small search reads few. Leaves out unreadable lines; `checkLegacyLog`
// reports them.
async function* legacyEntries(client: ClientBase, oldestMs: () => number): AsyncGenerator<PlacedEntry> {
  let before = '9223372036854775807';
  for (;;) {
    const { rows } = await client.query<{ seq: string; content: string }>(
      'select seq, content from audit_log where seq < $1 order by seq desc limit 1000',
      [before],
    );
    const lines = rows.flatMap(({ seq, content }) => {
      const line = readLegacyLine(content);
      return line ? [{ seq: Number(seq), ...line }] : [];
    });
    yield* lines;
    const [last, lastLine] = [rows.at(-1), lines.at(-1)];
    if (rows.length < 1000 || !last) return;
    if (lastLine && Date.parse(lastLine.time) < oldestMs()) return;
    before = last.seq;
  }
}

/** Keeps the newest of the added lines. */
export function createNewestEntries(limit: number) {
  let kept: PlacedEntry[] = [];
  const trim = () => {
    kept.sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
    kept = kept.slice(-limit);
  };
  return {
    add(entry: PlacedEntry): void {
      kept.push(entry);
      if (kept.length >= 2 * limit + 1000) trim();
    },
    /** The time before which no line can be among the newest. Minus infinity: there are too few lines yet. */
    oldestMs(): number {
      if (kept.length < limit) return Number.NEGATIVE_INFINITY;
      trim();
      return Date.parse(kept[0]?.time ?? '');
    },
    take(): PlacedEntry[] {
      trim();
      return kept;
    },
  };
}
