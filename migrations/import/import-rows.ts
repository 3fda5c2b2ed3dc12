import { bookRow, type Outcome } from './calls/book-row.ts';
import type { Services } from './calls/connect-services.ts';
import { linkOf, linkPeople } from './calls/link-people.ts';
import { mapConcurrently } from './calls/map-concurrently.ts';
import type { PatientCall } from './calls/patience.ts';
import { openLedger } from './plan/ledger.ts';
import { type PlanContext, planRow, type RowPlan } from './plan/plan-row.ts';
import type { Progress } from './report/progress.ts';
import type { ReportFile, ReportLine } from './report/report-file.ts';
import { count, type Tally } from './report/tally.ts';
import { inBatches } from './source/batches.ts';
import type { Row } from './source/read-rows.ts';

/** As many people as the service resolves in one call. Also how many rows are in memory at a time. */
const BATCH_SIZE = 500;
/** Calls at a time: keeps two cores busy, and is less than the services' connections to their databases. Our own choice. */
const CONCURRENCY = 8;

/** What importing needs. */
export interface ImportContext extends Omit<PlanContext, 'ledger'> {
  readonly services: Services;
  /** How each service is called. */
  readonly patience: { readonly auth: PatientCall; readonly booking: PatientCall };
  readonly report: ReportFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Imports rows, a batch at a time, first its people and then its bookings; counts into the tally. */
export async function importRows(
  rows: AsyncIterable<Row>,
  tally: Tally,
  context: ImportContext,
): Promise<void> {
  using ledger = openLedger();
  for await (const batch of inBatches(rows, BATCH_SIZE)) {
    context.signal.throwIfAborted();
    tally.read += batch.length;
    const plans = batch.map((row) => planRow(row, { ...context, ledger }));
    await importBatch(plans, tally, { ...context, ledger });
  }
  tally.people = ledger.countPeople();
}

async function importBatch(
  plans: readonly RowPlan[],
  tally: Tally,
  context: ImportContext & PlanContext,
): Promise<void> {
  const people = plans.flatMap((plan) =>
    plan.kind === 'book' && 'user' in plan.person ? [plan.person] : [],
  );
  const call = context.patience.auth;
  await linkPeople(people, { ...context, call, concurrency: CONCURRENCY, counts: tally.users });
  const before = tally.linked + tally.unlinked + tally.refused;
  let done = 0;
  const outcomes = await mapConcurrently(plans, CONCURRENCY, async (plan) => {
    const outcome = await importRow(plan, context);
    done += 1;
    context.progress.update(before + done, plan.endByte);
    return outcome;
  });
  const lines = outcomes.flatMap((outcome, i) => toReportLines(outcome, plans[i]));
  await context.report.add(lines);
  const leftOut = lines.filter((line) => line.outcome === 'left-out').length;
  tally.leftOut += leftOut;
  tally.reported += lines.length - leftOut;
  for (const outcome of outcomes) count(tally, outcome);
}

async function importRow(plan: RowPlan, context: ImportContext & PlanContext): Promise<Outcome> {
  if (plan.kind === 'refuse') return { kind: 'refused', reason: plan.reason };
  const { person, request } = plan;
  const link = 'reason' in person ? person : linkOf(person, context.ledger);
  return bookRow(request, link, { ...context, call: context.patience.booking });
}

/** What the report says of a row: that it is not linked, and which of its values were left out. */
function toReportLines(outcome: Outcome, plan: RowPlan | undefined): ReportLine[] {
  if (!plan) return [];
  const { line } = plan;
  const row: ReportLine[] =
    outcome.kind === 'linked' ? [] : [{ line, outcome: outcome.kind, reason: outcome.reason }];
  if (plan.kind === 'refuse' || outcome.kind === 'refused') return row;
  const values = plan.leftOut.map(({ from, reason }) => ({
    line,
    outcome: 'left-out' as const,
    reason: `${from} ${reason}`,
  }));
  return [...row, ...values];
}
