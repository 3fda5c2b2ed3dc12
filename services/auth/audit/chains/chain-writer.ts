import type { AuditEntry } from '@rollcall/runtime/callers';
import { type BatchEncoder, createBatchEncoder, type EncodedBatch } from './batch-encoding.ts';
import { type ChainBreak, type ChainHead, type ChainStore, headAfter, isSameHead } from './chain-store.ts';

/** Limits after which a chain ends and another begins. */
export interface ChainLimits {
  readonly maxLines: number;
  readonly maxAgeMs: number;
  readonly maxWords: number;
}

/** A chain takes a few MB, and so does reading its last line. */
export const CHAIN_LIMITS: ChainLimits = { maxLines: 250_000, maxAgeMs: 60 * 60 * 1000, maxWords: 60_000 };

// Batches with an unknown result, one for each broken connection. With more, a new chain is simpler.
const MAX_UNCERTAIN = 20;
// When each new chain is broken at once, the log stops.
const MAX_BREAKS = 5;

interface ChainWriterOptions {
  readonly store: ChainStore;
  /** Host and process, for the central chain. */
  readonly writer: string;
  /** Called for each break: another party wrote into the chain, or removed something. */
  readonly onBreak: (broken: ChainBreak) => void;
  /** Default: `CHAIN_LIMITS`. */
  readonly limits?: ChainLimits;
}

/** Writes the chains of one process, one after the other. Its methods must not run at the same time. */
interface ChainWriter {
  /** Appends lines as one batch. Resolves when it is durable. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /**
   * Records the head of the chain in the central chain when it has moved. Ends the chain when that is due.
   */
  tick(): Promise<void>;
  /** Ends the current chain, if there is one. */
  close(): Promise<void>;
}

interface OpenChain {
  readonly id: string;
  readonly encoder: BatchEncoder;
  readonly openedAtMs: number;
  head: ChainHead;
  lines: number;
  checkpointedBatches: number;
  /** Batches whose statement failed, and which may have been written. */
  uncertain: { readonly head: ChainHead; readonly batch: EncodedBatch }[];
}

/** Creates a writer. Its first batch opens a chain. */
export function createChainWriter(options: ChainWriterOptions): ChainWriter {
  const { store, writer, onBreak, limits = CHAIN_LIMITS } = options;
  let chain: OpenChain | undefined;
  const open = async (broken?: ChainBreak): Promise<OpenChain> => {
    const { chain: id, hash } = await store.open(writer, broken);
    return {
      id,
      encoder: createBatchEncoder(),
      openedAtMs: performance.now(),
      head: { batches: 0, hash },
      lines: 0,
      checkpointedBatches: 0,
      uncertain: [],
    };
  };
  const close = async () => {
    const ending = chain;
    chain = undefined;
    if (ending) await store.close(ending.id);
  };
  const isDue = ({ lines, openedAtMs, encoder, uncertain }: OpenChain) =>
    lines >= limits.maxLines ||
    performance.now() - openedAtMs >= limits.maxAgeMs ||
    encoder.wordCount() >= limits.maxWords ||
    uncertain.length > MAX_UNCERTAIN;
  return {
    async append(entries) {
      for (let breaks = 0; ; ) {
        if (chain && isDue(chain)) await close();
        chain ??= await open();
        const outcome = await extend(chain, entries, store);
        if (outcome === 'written') return;
        if (outcome === 'again') continue;
        if (outcome === 'closed') {
          chain = undefined;
          continue;
        }
        const broken = { chain: chain.id, head: chain.head, why: outcome.why };
        onBreak(broken);
        breaks += 1;
        if (breaks > MAX_BREAKS) throw new Error('The audit log breaks as often as a chain is begun.');
        chain = undefined;
        chain = await open(broken);
      }
    },
    async tick() {
      if (!chain) return;
      if (isDue(chain)) return await close();
      if (chain.checkpointedBatches === chain.head.batches) return;
      await store.checkpoint(chain.id);
      chain.checkpointedBatches = chain.head.batches;
    },
    close,
  };
}

type Outcome = 'written' | 'again' | 'closed' | { readonly why: string };

async function extend(chain: OpenChain, entries: readonly AuditEntry[], store: ChainStore): Promise<Outcome> {
  const batch = chain.encoder.encode(entries);
  const head = headAfter(chain.head, batch.bytes);
  const advance = (to: { readonly head: ChainHead; readonly batch: EncodedBatch }) => {
    chain.encoder.accept(to.batch);
    chain.head = to.head;
    chain.uncertain = [];
  };
  let found: Awaited<ReturnType<ChainStore['extend']>>;
  try {
    found = await store.extend(chain.id, chain.head, batch.bytes);
  } catch (error) {
    chain.uncertain.push({ head, batch });
    throw error;
  }
  if (found.isWritten) {
    advance({ head, batch });
    chain.lines += entries.length;
    return 'written';
  }
  // A statement may have been executed although its connection broke.
  const written = chain.uncertain.find((each) => isSameHead(each.head, found.head));
  if (written) {
    advance(written);
    return 'again';
  }
  const isAsLeft = isSameHead(chain.head, found.head);
  if (isAsLeft && (found.state === 'closed' || found.state === 'exported')) return 'closed';
  return { why: explain(found.state, { left: chain.head, found: found.head, isAsLeft }) };
}

interface Compared {
  readonly left: ChainHead;
  readonly found: ChainHead | undefined;
  readonly isAsLeft: boolean;
}

function explain(state: string, { left, found, isAsLeft }: Compared): string {
  if (!found) return 'the chain is not there any more';
  if (isAsLeft && state === 'open')
    return `batch ${left.batches} was taken out, or somebody else wrote the next`;
  if (isAsLeft) return `somebody else made it ${state}`;
  return `it was left at batch ${left.batches}, and is at batch ${found.batches} with another hash`;
}
