import type { Logger } from '@rollcall/runtime';
import { pollQuietly } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { readAuditProtection, unprotectedWarning } from './audit-protection.ts';
import { type ChainBreak, createChainStore } from './chains/chain-store.ts';

const LOOK_EVERY_MS = 60_000;

/** Looks after the log in the background, and raises the alarm. */
export interface AuditWatch extends AsyncDisposable {
  /** Raises the alarm: a chain of this process is broken. */
  readonly onBreak: (broken: ChainBreak) => void;
  readMetrics(): readonly MetricReading[];
}

/**
 * Closes chains of processes that are gone, and counts the breaks that any process noted: once a minute. Warns at once where the service's role can do
 * more than add to the log.
 */
export async function startAuditWatch(
  pool: Pool,
  { logger, lookEveryMs = LOOK_EVERY_MS }: { readonly logger: Logger; readonly lookEveryMs?: number },
): Promise<AuditWatch> {
  const store = createChainStore(pool);
  const { role, isProtected } = await readAuditProtection(pool);
  if (!isProtected) logger.warn({ role }, unprotectedWarning(role));
  let breaks = await store.countBreaks();
  const alarm = (details: object) =>
    logger.error(
      details,
      'the audit log is broken; calls go on. Run "npm run audit -- verify", and find out who could write to it',
    );
  if (breaks > 0) alarm({ breaks });
  const look = async () => {
    await store.lookAfter();
    const found = await store.countBreaks();
    if (found > breaks) alarm({ breaks: found });
    breaks = found;
  };
  let looking: Promise<void> = Promise.resolve();
  const stop = pollQuietly(() => (looking = look()), {
    pollMs: lookEveryMs,
    onError: (error) => logger.warn({ error }, 'the audit log cannot be looked after'),
  });
  return {
    onBreak({ chain, head, why }) {
      breaks += 1;
      alarm({ chain, batch: head.batches, why });
    },
    readMetrics: () => [
      {
        name: 'rollcall_audit_breaks',
        help: 'Places where somebody else wrote into the audit log, or took something out.',
        type: 'gauge',
        labels: {},
        value: breaks,
      },
      {
        name: 'rollcall_audit_protected',
        help: "Whether the service's role can do nothing with the audit log but add to it.",
        type: 'gauge',
        labels: {},
        value: isProtected ? 1 : 0,
      },
    ],
    async [Symbol.asyncDispose]() {
      stop();
      await looking.catch(() => undefined);
    },
  };
}
