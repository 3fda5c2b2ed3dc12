import { createHash } from 'node:crypto';
import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';

/** The end of a chain: the number of its batches, and the hash of all of them. */
export interface ChainHead {
  readonly batches: number;
  readonly hash: Buffer;
}

/** The result of extending a chain. */
type Extension =
  | { readonly isWritten: true }
  /** `head` is undefined when the chain does not exist. */
  | { readonly isWritten: false; readonly state: string; readonly head: ChainHead | undefined };

/** A chain that another party has changed, and how. */
export interface ChainBreak {
  readonly chain: string;
  /** The head that the writer of the chain left. */
  readonly head: ChainHead;
  readonly why: string;
}

/** The functions of the database that write the log. */
export interface ChainStore {
  /** Opens a chain, and records it in the central chain. Its first hash is that of the record. */
  open(writer: string, broken?: ChainBreak): Promise<{ readonly chain: string; readonly hash: Buffer }>;
  extend(chain: string, after: ChainHead, lines: Buffer): Promise<Extension>;
  /** Records the head of a chain in the central chain. */
  checkpoint(chain: string): Promise<void>;
  close(chain: string): Promise<void>;
  /** Closes chains of processes that are gone, and records the head of the log before chains. */
  closeAbandoned(): Promise<void>;
  /** Counts the breaks that the central chain records. */
  countBreaks(): Promise<number>;
}

const statement = (name: string, text: string): PreparedStatement => ({ name: `audit_${name}`, text });
const OPEN = statement('open', 'select chain, hash from audit_open($1, $2, $3, $4, $5)');
const EXTEND = statement(
  'extend',
  'select is_written, state, batches, hash from audit_extend($1, $2, $3, $4)',
);
const CHECKPOINT = statement('note', 'select audit_note($1)');
const CLOSE = statement('close', 'select audit_close($1)');
const CLOSE_ABANDONED = statement('look_after', 'select audit_look_after()');
const COUNT_BREAKS = statement(
  'breaks',
  "select count(*)::int as breaks from audit_central where kind = 'break'",
);

interface ExtendRow {
  readonly is_written: boolean;
  readonly state: string | null;
  readonly batches: number | null;
  readonly hash: Buffer | null;
}

/** Creates the store over the functions of a database. */
export function createChainStore(pool: Pool): ChainStore {
  const run = async (what: PreparedStatement, values: unknown[]) =>
    void (await runPrepared(pool, what, values));
  return {
    async open(writer, broken) {
      const values = [writer, broken?.chain, broken?.head.batches, broken?.head.hash, broken?.why];
      const [row] = await runPrepared<{ chain: string; hash: Buffer }>(pool, OPEN, values);
      return row as { chain: string; hash: Buffer };
    },
    async extend(chain, after, lines) {
      const values = [chain, after.batches, after.hash, lines];
      const [row] = (await runPrepared(pool, EXTEND, values)) as [ExtendRow];
      if (row.is_written) return { isWritten: true };
      const { state, batches, hash } = row;
      const head = batches === null || hash === null ? undefined : { batches, hash };
      return { isWritten: false, state: state ?? 'missing', head };
    },
    checkpoint: (chain) => run(CHECKPOINT, [chain]),
    close: (chain) => run(CLOSE, [chain]),
    closeAbandoned: () => run(CLOSE_ABANDONED, []),
    async countBreaks() {
      const [row] = await runPrepared<{ breaks: number }>(pool, COUNT_BREAKS, []);
      return row?.breaks ?? 0;
    },
  };
}

/** Computes the head of a chain after a batch. The database computes it in the same way. */
export function headAfter({ batches, hash }: ChainHead, lines: Uint8Array): ChainHead {
  const number = Buffer.alloc(4);
  number.writeInt32BE(batches + 1);
  return {
    batches: batches + 1,
    hash: createHash('sha256').update(hash).update(number).update(lines).digest(),
  };
}

export function isSameHead(one: ChainHead, other: ChainHead | undefined): boolean {
  return other !== undefined && one.batches === other.batches && one.hash.equals(other.hash);
}
