import type { StaleListener } from '../cache/cache-lookup.ts';
import type { CachedUserReader } from '../cache/with-cache.ts';
import { hasSubscribers, publish } from '../model/diagnostics.ts';
import type { Clock, UserAnswer, UserScope } from '../model/user-reader.ts';
import type { ClientMetrics } from './client-metrics.ts';

type FoundAnswer = Extract<UserAnswer, { outcome: 'found' }>;

/** Attribute of `answer.age`: where the answer came from. */
const SOURCE_ATTRIBUTE = 'rollcall.user_client.source';

/** The metrics, and the clock of ages. */
interface AnswerTelemetryContext {
  /** Absent: the process reads no metrics. */
  metrics: Pick<ClientMetrics, 'answerAge'> | undefined;
  clock: Clock;
}

/**
 * Records the age of answers from memory, once per read and source, and publishes reads with stale answers.
 * It stands above the cache. Without metrics and subscribers, answers pass through unchanged. Answers of
 * `peek` and single hits are never recorded.
 */
export function withAnswerTelemetry<Reader extends Pick<CachedUserReader, 'readMany' | 'manyNow'>>(
  next: Reader,
  { metrics, clock }: AnswerTelemetryContext,
): Reader {
  return {
    ...next,
    manyNow(scope, ids) {
      const entries = next.manyNow(scope, ids);
      if (metrics !== undefined && entries !== undefined && entries.length > 0) {
        const oldestMs = clock() - oldestAtMs(entries);
        metrics.answerAge.record(oldestMs / 1000, { [SOURCE_ATTRIBUTE]: 'cache' });
      }
      return entries;
    },
    readMany(scope, reads, call) {
      const answers = next.readMany(scope, reads, call);
      if (metrics === undefined && !hasSubscribers('rollcall:user-client:answer:stale')) return answers;
      return answers.then((given) => {
        const found = given.filter((answer) => answer.outcome === 'found');
        const nowMs = clock();
        for (const [source, ms] of oldestBySource(found, nowMs))
          metrics?.answerAge.record(ms / 1000, { [SOURCE_ATTRIBUTE]: source });
        reportStale(scope, found, nowMs);
        return given;
      });
    },
  };
}

/** Records and publishes single stale answers that are given at once, without a read. */
export function createStaleListener({ metrics, clock }: AnswerTelemetryContext): StaleListener {
  return ({ tenantId }, source, readAtMs) => {
    metrics?.answerAge.record((clock() - readAtMs) / 1000, { [SOURCE_ATTRIBUTE]: source });
    if (!hasSubscribers('rollcall:user-client:answer:stale')) return;
    publish('rollcall:user-client:answer:stale', () => ({
      tenantId,
      count: 1,
      oldestMs: clock() - readAtMs,
      reason: 'breaker_open',
    }));
  };
}

/** A loop, because there may be more entries than a call takes arguments. */
function oldestAtMs(entries: readonly { readonly readAtMs: number }[]): number {
  return entries.reduce((least, { readAtMs }) => Math.min(least, readAtMs), Infinity);
}

function oldestBySource(answers: readonly FoundAnswer[], nowMs: number): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const { source, readAtMs } of answers) {
    if (source !== 'service') oldest.set(source, Math.max(oldest.get(source) ?? 0, nowMs - readAtMs));
  }
  return oldest;
}

function reportStale({ tenantId }: UserScope, answers: readonly FoundAnswer[], nowMs: number): void {
  const stale = answers.filter(({ degraded }) => degraded !== undefined);
  const reason = stale[0]?.degraded?.reason;
  if (reason === undefined) return;
  publish('rollcall:user-client:answer:stale', () => ({
    tenantId,
    count: stale.length,
    oldestMs: nowMs - oldestAtMs(stale),
    reason,
  }));
}
