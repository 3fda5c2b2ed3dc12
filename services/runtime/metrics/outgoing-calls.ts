import cluster from 'node:cluster';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Logger } from '../log/logger.ts';

/** State of the breaker of a target. Open: calls are refused. Half-open: single calls probe the target. */
export type OutgoingState = 'closed' | 'open' | 'half-open';

/**
 * Metrics and logs of calls to other services. A guard reports to it (`createCallGuard` of
 * `@rollcall/transport/guard`).
 */
export interface OutgoingCalls {
  /** Records the end of a call. `code`: `OK`, or the name of the error's code; the status of an HTTP call. */
  onEnd(end: { target: string; method: string; code: string; seconds: number }): void;
  /** Records a call that was refused in this process because the breaker of its target is open. */
  onRefused(call: { target: string; method: string }): void;
  /** Records a change of a breaker's state. Logs when calls stop and when they continue. */
  onState(change: { target: string; state: OutgoingState }): void;
  /** The metrics `rollcall_outgoing_…` in the text format of Prometheus. */
  metricsText(): Promise<string>;
}

const STATES = ['closed', 'open', 'half-open'] as const satisfies OutgoingState[];
// From an answer out of memory to the deadline of Stripe calls.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Creates the record of one process. */
export function createOutgoingCalls({ service, logger }: { service: string; logger: Logger }): OutgoingCalls {
  const registry = new Registry();
  registry.setDefaultLabels({ service, ...(cluster.worker && { worker: String(cluster.worker.id) }) });
  const registers = [registry];
  const duration = new Histogram({
    name: 'rollcall_outgoing_duration_seconds',
    help: 'How long calls took that this process made to others, by target, method and code.',
    labelNames: ['target', 'method', 'code'] as const,
    buckets: BUCKETS,
    registers,
  });
  const refused = new Counter({
    name: 'rollcall_outgoing_refused_total',
    help: 'Calls that were not sent, because their target failed just before.',
    labelNames: ['target', 'method'] as const,
    registers,
  });
  const breaker = new Gauge({
    name: 'rollcall_outgoing_breaker_state',
    help: 'Whether the breaker of a target is in this state.',
    labelNames: ['target', 'state'] as const,
    registers,
  });
  const stopped = new Set<string>();
  return {
    onEnd: ({ seconds, ...labels }) => duration.observe(labels, seconds),
    onRefused: ({ target, method }) => refused.inc({ target, method }),
    onState({ target, state }) {
      for (const each of STATES) breaker.set({ target, state: each }, each === state ? 1 : 0);
      if (state === 'open' && !stopped.has(target)) {
        stopped.add(target);
        logger.warn({ target }, 'calls to a target stop: its last ones failed or timed out');
      }
      if (state === 'closed' && stopped.delete(target)) logger.info({ target }, 'calls to a target go on');
    },
    metricsText: () => registry.metrics(),
  };
}
