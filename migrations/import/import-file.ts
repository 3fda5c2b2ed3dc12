import { resolve } from 'node:path';
import type { ImportArguments } from './arguments.ts';
import { bookRow, type Outcome } from './calls/book-row.ts';
import { type Addresses, connectServices, type Services } from './calls/connect-services.ts';
import { linkOf, linkPeople } from './calls/link-people.ts';
import { createRetry, mapConcurrently, type RetryCall } from './calls/retry-calls.ts';
import { ImportFault } from './import-fault.ts';
import { type PlanContext, planRow, type RowPlan } from './plan/plan-row.ts';
import { openRowIndex } from './plan/row-index.ts';
import { createProgress, type Progress, type Screen } from './report/progress.ts';
import { openReport, type ReportFile, type ReportLine } from './report/report-file.ts';
import { count, createTally, type Tally, toSummary, wrongSums } from './report/tally.ts';
import { openSource, type Source } from './source/open-source.ts';
import { inBatches, type Row } from './source/read-rows.ts';

/** Where an import runs. */
export interface ImportSurroundings {
  readonly addresses: Addresses;
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Shows progress and outages. */
  readonly screen: Screen;
  /** Stops the import; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Imports a file and answers the summary's lines. Throws ImportFault where the file, the report or a service
 * is not to be had, and where the counts do not add up in the end.
 */
export async function importFile(args: ImportArguments, surroundings: ImportSurroundings): Promise<string[]> {
  const { addresses, folder, screen, signal } = surroundings;
  const begun = performance.now();
  const [path, reportPath] = [resolve(folder, args.path), resolve(folder, args.reportPath)];
  if (path === reportPath) throw new ImportFault('--report names the file to import: name another one');
  await using source = await openSource(path, args);
  await using report = await openReport(reportPath);
  using services = await connectServices(addresses);
  const progress = createProgress(screen, source);
  const { say } = progress;
  const retry = {
    auth: createRetry({ service: `auth service at ${addresses.auth}`, say, signal }),
    booking: createRetry({ service: `booking service at ${addresses.booking}`, say, signal }),
  };
  const tally = createTally();
  await report.add(columnsLeftOut(source));
  try {
    await importRows(source.rows, tally, { ...args, services, retry, report, progress, signal });
    progress.complete();
  } finally {
    progress.end();
  }
  const wrong = wrongSums(tally);
  if (wrong.length > 0)
    throw new ImportFault(`The counts do not add up, which is a defect: ${wrong.join('; ')}`);
  await report.finish();
  return toSummary(tally, { reportPath: args.reportPath, elapsedMs: performance.now() - begun });
}

function columnsLeftOut({ headerLine, unusedColumns }: Source): ReportLine[] {
  if (unusedColumns.length === 0) return [];
  const reason = `columns that are not used: ${unusedColumns.join(', ')}`;
  return [{ line: headerLine, outcome: 'left-out', reason }];
}

/** As many people as the service resolves in one call. Also how many rows are in memory at a time. */
const BATCH_SIZE = 500;
/**
 * Calls at a time: keeps two cores busy, and is less than the services' connections to their databases. Our
 * own choice.
 */
const CONCURRENCY = 8;

/** Options of an import. */
export interface ImportContext extends Omit<PlanContext, 'index'> {
  readonly services: Services;
  /** How each service is called. */
  readonly retry: { readonly auth: RetryCall; readonly booking: RetryCall };
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
  using index = openRowIndex();
  for await (const batch of inBatches(rows, BATCH_SIZE)) {
    context.signal.throwIfAborted();
    tally.read += batch.length;
    const plans = batch.map((row) => planRow(row, { ...context, index }));
    await importBatch(plans, tally, { ...context, index });
  }
  tally.people = index.countPeople();
}

async function importBatch(
  plans: readonly RowPlan[],
  tally: Tally,
  context: ImportContext & PlanContext,
): Promise<void> {
  const people = plans.flatMap((plan) =>
    plan.kind === 'book' && 'user' in plan.person ? [plan.person] : [],
  );
  const call = context.retry.auth;
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
  const link = 'reason' in person ? person : linkOf(person, context.index);
  return bookRow(request, link, { ...context, call: context.retry.booking });
}

/** Returns the report lines of a row: that it is not linked, and which of its values were left out. */
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
