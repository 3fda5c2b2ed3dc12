import type { MetricReading } from '../metrics/metrics.ts';
import type { TaskBacklog } from './maintenance.ts';

/** Result of an attempt. `away`: the target could not be reached, or the process ended. */
export type Outcome = 'done' | 'failed' | 'dead' | 'away';

/** Number of attempts by task and outcome. */
type OutcomeCounts = ReadonlyMap<string, Readonly<Record<Outcome, number>>>;

/** Creates counters of attempts, which start at 0 for each task. */
export function countOutcomes(tasks: readonly string[]): {
  counts: OutcomeCounts;
  count: (task: string, outcome: Outcome) => void;
} {
  const counts = new Map(tasks.map((task) => [task, { done: 0, failed: 0, dead: 0, away: 0 }]));
  const count = (task: string, outcome: Outcome) => {
    const of = counts.get(task);
    if (of) of[outcome]++;
  };
  return { counts, count };
}

/** State of an outbox for metrics. */
interface OutboxNumbers {
  readonly backlog: readonly TaskBacklog[];
  readonly paused: readonly string[];
  /** Since the process began, by task. */
  readonly outcomes: OutcomeCounts;
}

/** Converts the state of an outbox into metrics. */
export function outboxReadings({ backlog, paused, outcomes }: OutboxNumbers): MetricReading[] {
  return [
    ...backlog.flatMap(backlogReadings),
    ...[...outcomes.keys()].map((task) => gauge('paused', { task }, paused.includes(task) ? 1 : 0)),
    ...[...outcomes].flatMap(([task, counts]) =>
      Object.entries(counts).map(([outcome, value]) => ({
        name: 'rollcall_outbox_attempts_total',
        help: 'What became of the attempts that this process made at jobs of its outbox.',
        type: 'counter' as const,
        labels: { task, outcome },
        value,
      })),
    ),
  ];
}

function backlogReadings({ task, waiting, failing, dead, oldestSeconds }: TaskBacklog): MetricReading[] {
  return [
    gauge('waiting', { task }, waiting),
    gauge('failing', { task }, failing),
    gauge('dead', { task }, dead),
    gauge('oldest_seconds', { task }, oldestSeconds),
  ];
}

const HELP = {
  waiting: 'Jobs of the outbox that are to be done.',
  failing: 'Waiting jobs of the outbox whose last attempt failed.',
  dead: 'Jobs of the outbox that are not tried any more.',
  oldest_seconds: 'How long the oldest waiting job has been due.',
  paused: 'Whether the target of the task could not be reached when last tried.',
} as const;

function gauge(name: keyof typeof HELP, labels: { task: string }, value: number): MetricReading {
  return { name: `rollcall_outbox_${name}`, help: HELP[name], type: 'gauge', labels, value };
}
