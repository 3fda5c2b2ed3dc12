import { createHash } from 'node:crypto';
import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';

/** How far a chain has come: its batches, and the hash of all up to the last. */
export interface ChainHead {
  readonly batches: number;
  readonly hash: Buffer;
}

/** What extending a chain led to. */
type Extension =
  | { readonly isWritten: true }
  /** `head` is undefined where the chain is not there. */
  | { readonly isWritten: false; readonly state: string; readonly head: ChainHead | undefined };

/** A chain that cannot be extended, and why. */
export interface ChainBreak {
  readonly chain: string;
  /** As the process that wrote the chain left it. */
  readonly head: ChainHead;
  readonly why: string;
}

/** The functions of the database by which the log is written. */
export interface ChainStore {
  /** Opens a chain, of which the central chain knows from then on. Its first hash is that of the entry that says so. */
  open(byWhom: string, broken?: ChainBreak): Promise<{ readonly chain: string; readonly hash: Buffer }>;
  extend(chain: string, after: ChainHead, lines: Buffer): Promise<Extension>;
  /** Has the central chain note how far a chain has come. */
  checkpoint(chain: string): Promise<void>;
  close(chain: string): Promise<void>;
  /** Closes chains of processes that are gone, and notes how far the log of earlier versions has come. */
  closeAbandoned(): Promise<void>;
  /** Breaks that the central chain knows. */
  countBreaks(): Promise<number>;
}

const statement = (name: string, text: string): PreparedStatement => ({ name: `audit_${name}`, text });
const OPEN = statement('open', 'select chain, hash from audit_open($1, $2, $3, $4, $5)');
const EXTEND = statement(
  'extend',
  'select is_written, state, batches, hash from audit_extend($1, $2, $3, $4)',
);
const NOTE = statement('note', 'select audit_note($1)');
const CLOSE = statement('close', 'select audit_close($1)');
const LOOK_AFTER = statement('look_after', 'select audit_look_after()');
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

/** The functions in a database. */
export function createChainStore(pool: Pool): ChainStore {
  const run = async (what: PreparedStatement, values: unknown[]) =>
    void (await runPrepared(pool, what, values));
  return {
    async open(byWhom, broken) {
      const values = [byWhom, broken?.chain, broken?.head.batches, broken?.head.hash, broken?.why];
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
    checkpoint: (chain) => run(NOTE, [chain]),
    close: (chain) => run(CLOSE, [chain]),
    closeAbandoned: () => run(LOOK_AFTER, []),
    async countBreaks() {
      const [row] = await runPrepared<{ breaks: number }>(pool, COUNT_BREAKS, []);
      return row?.breaks ?? 0;
    },
  };
}

/** The head of a chain once a batch was added to it; the database computes the same. */
export function headAfter({ batches, hash }: ChainHead, lines: Uint8Array): ChainHead {
  const number = Buffer.alloc(4);
  number.writeInt32BE(batches + 1);
  return {
    batches: batches + 1,
    hash: createHash('sha256').update(hash).update(number).update(lines).digest(),
  };
}

/** Whether two heads are the same. */
export function isSameHead(one: ChainHead, other: ChainHead | undefined): boolean {
  return other !== undefined && one.batches === other.batches && one.hash.equals(other.hash);
}
