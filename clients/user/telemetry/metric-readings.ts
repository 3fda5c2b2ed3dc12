import type { BreakerState } from '@rollcall/transport/guard';
import type { ClientCounters } from '../model/counters.ts';

/** A metric, for any library that shows it. */
export interface Metric {
  /** In OpenTelemetry's spelling. */
  readonly name: string;
  /** In UCUM, as OpenTelemetry requires. */
  readonly unit: string;
  readonly description: string;
  /** How clients add up. `counter`: a sum that only grows. `sum`: a sum. `gauge`: the largest value. */
  readonly kind: 'counter' | 'sum' | 'gauge';
}

/** The value of a metric at this moment. */
export interface MetricReading {
  readonly metric: Metric;
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The statistics that readings come from. */
export interface MetricSource extends Readonly<ClientCounters> {
  readonly entries: number;
  readonly missingEntries: number;
  readonly breaker: BreakerState;
  /** Age of the last checkpoint of the change feed, in ms. Absent: there is no feed. */
  readonly streamLagMs?: number | undefined;
}

/** Attribute of `lookups`: how the user was found. */
const PATH_ATTRIBUTE = 'rollcall.user_client.path';
/** Attribute of `degraded_lookups`: the answer during an outage. */
const OUTCOME_ATTRIBUTE = 'rollcall.user_client.outcome';
/** Attribute of `entries`: what the entry says. */
const ENTRY_ATTRIBUTE = 'rollcall.user_client.entry';
/** Attribute of `breaker.state`. */
const BREAKER_STATE_ATTRIBUTE = 'rollcall.user_client.breaker.state';

/** Metrics that are read from the client at each collection, and cost nothing in between. */
export const READ_METRICS = {
  lookups: {
    name: 'rollcall.user_client.lookups',
    unit: '{user}',
    kind: 'counter',
    description:
      'Users asked for: hit, a fresh entry; miss, a read was started; coalesced, joined a read in flight.',
  },
  refreshes: {
    name: 'rollcall.user_client.refreshes',
    unit: '{user}',
    kind: 'counter',
    description: 'Users read in the background, before they were stale.',
  },
  raised: {
    name: 'rollcall.user_client.raised_entries',
    unit: '{user}',
    kind: 'counter',
    description: 'Users in memory that a change did not touch, raised to its version without a read.',
  },
  degraded: {
    name: 'rollcall.user_client.degraded_lookups',
    unit: '{user}',
    kind: 'counter',
    description:
      'Users asked for while the service was down: stale, an older answer; unavailable, no answer.',
  },
  discarded: {
    name: 'rollcall.user_client.discarded_answers',
    unit: '{user}',
    kind: 'counter',
    description: 'Answers not kept: something newer was known, or the id was invalidated meanwhile.',
  },
  batches: {
    name: 'rollcall.user_client.batches',
    unit: '{batch}',
    kind: 'counter',
    description: 'Batches of users to read, including those that the breaker refused.',
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
    description: 'Entries in memory: users, and ids known to be missing.',
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
    description: 'Age of the last checkpoint of the change feed. Absent without a feed.',
  },
} as const satisfies Record<string, Metric>;

/** The metric of each counter. A new counter does not compile until it has one. */
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

/** The metrics of a client's `stats()`, for a library other than OpenTelemetry, which gets them by itself. */
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
