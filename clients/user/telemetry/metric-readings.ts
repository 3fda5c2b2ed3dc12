import type { BreakerState } from '@rollcall/transport/guard';
import type { ClientCounters } from '../model/counters.ts';

/** What a metric is, for whichever library shows it. */
export interface Metric {
  /** In OpenTelemetry's spelling. */
  readonly name: string;
  /** In UCUM, as OpenTelemetry wants it. */
  readonly unit: string;
  readonly description: string;
  /** `counter` only grows; `sum` adds up over clients; of a `gauge` the largest counts. */
  readonly kind: 'counter' | 'sum' | 'gauge';
}

/** The value of a metric at this moment. */
export interface MetricReading {
  readonly metric: Metric;
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the readings are made of. */
export interface MetricSource extends Readonly<ClientCounters> {
  readonly entries: number;
  readonly missingEntries: number;
  readonly breaker: BreakerState;
  /** Time in ms since the change feed last said that nothing is missing. Absent: there is no feed. */
  readonly streamLagMs?: number | undefined;
}

/** How a user was come by: the attribute of `lookups`. */
const PATH_ATTRIBUTE = 'rollcall.user_client.path';
/** What came of a lookup while the service was away: the attribute of `degraded_lookups`. */
const OUTCOME_ATTRIBUTE = 'rollcall.user_client.outcome';
/** What an entry of the cache says: the attribute of `entries`. */
const ENTRY_ATTRIBUTE = 'rollcall.user_client.entry';
/** The attribute of `breaker.state`. */
const BREAKER_STATE_ATTRIBUTE = 'rollcall.user_client.breaker.state';

/** What is read off the client when somebody collects; costs nothing in between. */
export const READ_METRICS = {
  lookups: {
    name: 'rollcall.user_client.lookups',
    unit: '{user}',
    kind: 'counter',
    description:
      'Users asked for: hit, a fresh entry; miss, a read was begun; coalesced, joined a read on its way.',
  },
  refreshes: {
    name: 'rollcall.user_client.refreshes',
    unit: '{user}',
    kind: 'counter',
    description: 'Users read anew in the background, before their life was over.',
  },
  raised: {
    name: 'rollcall.user_client.raised_entries',
    unit: '{user}',
    kind: 'counter',
    description: 'Users in memory that a change did not touch, and that took on its version without a read.',
  },
  degraded: {
    name: 'rollcall.user_client.degraded_lookups',
    unit: '{user}',
    kind: 'counter',
    description: 'Users that the service could not be asked about: stale, answered from before; unavailable.',
  },
  discarded: {
    name: 'rollcall.user_client.discarded_answers',
    unit: '{user}',
    kind: 'counter',
    description: 'Answers not kept, because something newer was known or they were invalidated on their way.',
  },
  batches: {
    name: 'rollcall.user_client.batches',
    unit: '{batch}',
    kind: 'counter',
    description: 'Batches of users to read, those included that the breaker turned away.',
  },
  batchedUsers: {
    name: 'rollcall.user_client.batched_users',
    unit: '{user}',
    kind: 'counter',
    description: 'Users in these batches.',
  },
  entries: {
    name: 'rollcall.user_client.entries',
    unit: '{user}',
    kind: 'sum',
    description: 'What is in memory: users, and ids known to be missing.',
  },
  breaker: {
    name: 'rollcall.user_client.breaker.state',
    unit: '{client}',
    kind: 'sum',
    description: 'Clients whose breaker is in this state.',
  },
  streamLag: {
    name: 'rollcall.user_client.stream.lag',
    unit: 's',
    kind: 'gauge',
    description: 'Time since the change feed last said that nothing is missing. Absent without a feed.',
  },
} as const satisfies Record<string, Metric>;

/** Where each counter shows. A new counter does not compile until it shows somewhere. */
const BY_COUNTER: Readonly<Record<keyof ClientCounters, Omit<MetricReading, 'value'>>> = {
  hits: { metric: READ_METRICS.lookups, attributes: { [PATH_ATTRIBUTE]: 'hit' } },
  misses: { metric: READ_METRICS.lookups, attributes: { [PATH_ATTRIBUTE]: 'miss' } },
  coalesced: { metric: READ_METRICS.lookups, attributes: { [PATH_ATTRIBUTE]: 'coalesced' } },
  refreshes: { metric: READ_METRICS.refreshes, attributes: {} },
  raised: { metric: READ_METRICS.raised, attributes: {} },
  stale: { metric: READ_METRICS.degraded, attributes: { [OUTCOME_ATTRIBUTE]: 'stale' } },
  unavailable: { metric: READ_METRICS.degraded, attributes: { [OUTCOME_ATTRIBUTE]: 'unavailable' } },
  discarded: { metric: READ_METRICS.discarded, attributes: {} },
  batches: { metric: READ_METRICS.batches, attributes: {} },
  batchedIds: { metric: READ_METRICS.batchedUsers, attributes: {} },
};

const COUNTERS = Object.keys(BY_COUNTER) as (keyof ClientCounters)[];
const BREAKER_STATES: readonly BreakerState[] = ['closed', 'open', 'half-open'];

/** What a client's `stats()` say as metrics, for a library of one's own; OpenTelemetry's gets them without this. */
export function toMetricReadings(source: MetricSource): MetricReading[] {
  const { entries: metric } = READ_METRICS;
  return [
    ...COUNTERS.map((counter) => ({ ...BY_COUNTER[counter], value: source[counter] })),
    { metric, attributes: { [ENTRY_ATTRIBUTE]: 'user' }, value: source.entries },
    { metric, attributes: { [ENTRY_ATTRIBUTE]: 'missing' }, value: source.missingEntries },
    ...BREAKER_STATES.map((state) => ({
      metric: READ_METRICS.breaker,
      attributes: { [BREAKER_STATE_ATTRIBUTE]: state },
      value: source.breaker === state ? 1 : 0,
    })),
    ...(source.streamLagMs === undefined
      ? []
      : [{ metric: READ_METRICS.streamLag, attributes: {}, value: source.streamLagMs / 1000 }]),
  ];
}
