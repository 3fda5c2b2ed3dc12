import { DRIFT_CLASSES } from '../reconcile/drift.ts';
import type { ReconcileResult } from '../reconcile/reconcile.ts';
import type { FoundDrift } from '../reconcile/reconcile-store.ts';

// More would not be read; --json has them all.
const MOST_SHOWN = 50;

/** The exit code of a result. */
export function exitCodeOf({ cutOff, drifts }: ReconcileResult): number {
  if (cutOff) return 2;
  return drifts.every(({ repaired }) => repaired) ? 0 : 3;
}

/** A result for a person to read. The last line says whether it is complete. */
export function describeResult(result: ReconcileResult): string {
  const { drifts, objects, since, until, cutOff } = result;
  const shown = drifts.slice(0, MOST_SHOWN).map(describeDrift);
  const more = drifts.length - shown.length;
  const lines = [
    ...shown,
    ...(more > 0 ? [`and ${more} more, which --json tells`] : []),
    ...countsOf(drifts),
    `${objects} objects from ${since.toISOString()} to ${until.toISOString()}`,
    cutOff
      ? `INCOMPLETE (${cutOff.why}): ${cutOff.message} The same call goes on where this one stopped.`
      : `COMPLETE: ${drifts.length === 0 ? 'nothing differs' : `${left(drifts)} of ${drifts.length} differences are left`}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A result for a program to read. */
export function resultAsJson(result: ReconcileResult): string {
  const { cutOff, since, until, objects, drifts, isResumed } = result;
  const counts = Object.fromEntries(
    DRIFT_CLASSES.map((each) => [each, drifts.filter((drift) => drift.class === each).length]),
  );
  const told = {
    complete: cutOff === undefined,
    why: cutOff?.why ?? null,
    resumed: isResumed,
    since,
    until,
    objects,
    counts,
    left: left(drifts),
    drifts,
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}

function left(drifts: readonly FoundDrift[]): number {
  return drifts.filter(({ repaired }) => !repaired).length;
}

function describeDrift({ class: driftClass, kind, id, here, there, repaired, note }: FoundDrift): string {
  const about = [repaired ? 'repaired' : '', note].filter(Boolean).join('; ');
  return `${driftClass} ${kind} ${id}: here ${here}; at Stripe ${there}${about && ` (${about})`}`;
}

function countsOf(drifts: readonly FoundDrift[]): string[] {
  return DRIFT_CLASSES.flatMap((each) => {
    const of = drifts.filter((drift) => drift.class === each);
    const repaired = of.length - left(of);
    return of.length > 0 ? [`${each}: ${of.length}${repaired > 0 ? `, ${repaired} repaired` : ''}`] : [];
  });
}
