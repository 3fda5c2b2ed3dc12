import type { AuditEntry } from '@rollcall/runtime/callers';
import { type BatchEncoder, createBatchEncoder, type EncodedBatch } from './batch-encoding.ts';
import { type ChainBreak, type ChainHead, type ChainStore, headAfter, isSameHead } from './chain-store.ts';

/** When a chain ends and another begins. */
export interface ChainLimits {
  readonly maxLines: number;
  readonly maxAgeMs: number;
  readonly maxWords: number;
}

/** So a chain takes a few MB, and whoever reads its last line reads no more than that. */
export const CHAIN_LIMITS: ChainLimits = { maxLines: 250_000, maxAgeMs: 60 * 60 * 1000, maxWords: 60_000 };

// Batches whose fate is unknown, one after each connection that broke; with more a new chain is simpler.
const MAX_UNCERTAIN = 20;
// Somebody who breaks each new chain at once does stop the log.
const MAX_BREAKS = 5;

/** How a chain is written. */
interface ChainWriterOptions {
  readonly store: ChainStore;
  /** Who writes it, for the central chain: host and process. */
  readonly writer: string;
  /** Told of each break: somebody else wrote into the chain, or took something out of it. */
  readonly onBreak: (broken: ChainBreak) => void;
  /** Default: `CHAIN_LIMITS`. */
  readonly limits?: ChainLimits;
}

/** Writes the chains of one process, one after the other. No two of its methods may run at once. */
interface ChainWriter {
  /** Appends lines as one batch. Resolves once it is durable. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Has the central chain note how far the chain has come, where it moved; ends the chain where that is due. */
  tick(): Promise<void>;
  /** Ends the chain, if there is one. */
  close(): Promise<void>;
}

interface OpenChain {
  readonly id: string;
  readonly encoder: BatchEncoder;
  readonly openedAtMs: number;
  head: ChainHead;
  lines: number;
  checkpointedBatches: number;
  /** Batches that may or may not have been written when their statement failed. */
  uncertain: { readonly head: ChainHead; readonly batch: EncodedBatch }[];
}

/** A writer without a chain; the first batch opens one. */
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
  // A statement whose connection broke may have been done all the same.
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
