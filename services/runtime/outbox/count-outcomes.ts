/** What became of an attempt at a job. */
export type Outcome = 'done' | 'failed' | 'dead' | 'away';

/** How often each came about, by task. */
export type OutcomeCounts = ReadonlyMap<string, Readonly<Record<Outcome, number>>>;

/** Counts what became of the attempts at jobs, from none of each of these tasks. */
export function countOutcomes(tasks: readonly string[]): {
  counts: OutcomeCounts;
  note: (task: string, outcome: Outcome) => void;
} {
  const counts = new Map(tasks.map((task) => [task, { done: 0, failed: 0, dead: 0, away: 0 }]));
  const note = (task: string, outcome: Outcome) => {
    const of = counts.get(task);
    if (of) of[outcome]++;
  };
  return { counts, note };
}
