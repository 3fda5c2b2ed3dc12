import type { ClientMetrics } from './client-metrics.ts';
import { isHeard, publish } from './diagnostics.ts';
import type { Clock, UserAnswer, UserReader, UserScope } from './user-reader.ts';

type FoundAnswer = Extract<UserAnswer, { outcome: 'found' }>;

/** Which source an age belongs to: the attribute of `answer.age`. */
export const SOURCE_ATTRIBUTE = 'rollcall.user_client.source';

/**
 * Tells how old answers from memory are, once a read and source, and of reads with stale answers. Stands above the cache.
 * Where nobody wants to know, answers pass untouched; what is answered by `peek`, as a single hit is, always does.
 */
export function withAnswerTelemetry<Reader extends UserReader>(
  next: Reader,
  { metrics, clock }: { metrics: Pick<ClientMetrics, 'answerAge'> | undefined; clock: Clock },
): Reader {
  return {
    ...next,
    readMany(scope, reads, call) {
      const answers = next.readMany(scope, reads, call);
      if (metrics === undefined && !isHeard('rollcall:user-client:answer:stale')) return answers;
      return answers.then((given) => {
        const found = given.filter((answer) => answer.outcome === 'found');
        const nowMs = clock();
        for (const [source, ms] of oldestBySource(found, nowMs))
          metrics?.answerAge.record(ms / 1000, { [SOURCE_ATTRIBUTE]: source });
        tellStale(scope, found, nowMs);
        return given;
      });
    },
  };
}

function oldestBySource(answers: readonly FoundAnswer[], nowMs: number): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const { source, readAtMs } of answers) {
    if (source !== 'service') oldest.set(source, Math.max(oldest.get(source) ?? 0, nowMs - readAtMs));
  }
  return oldest;
}

function tellStale({ tenantId }: UserScope, answers: readonly FoundAnswer[], nowMs: number): void {
  const stale = answers.filter(({ degraded }) => degraded !== undefined);
  const reason = stale[0]?.degraded?.reason;
  if (reason === undefined) return;
  publish('rollcall:user-client:answer:stale', () => ({
    tenantId,
    count: stale.length,
    oldestMs: nowMs - Math.min(...stale.map(({ readAtMs }) => readAtMs)),
    reason,
  }));
}
