import { resolve } from 'node:path';
import type { ImportArguments } from './arguments.ts';
import type { Addresses } from './calls/addresses.ts';
import { connectServices } from './calls/connect-services.ts';
import { createPatience } from './calls/patience.ts';
import { ImportFault } from './import-fault.ts';
import { importRows } from './import-rows.ts';
import { createProgress, type Screen } from './report/progress.ts';
import { openReport, type ReportLine } from './report/report-file.ts';
import { toSummary } from './report/summary.ts';
import { createTally, wrongSums } from './report/tally.ts';
import { openSource, type Source } from './source/open-source.ts';

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
 * Imports a file and answers the summary's lines. Throws ImportFault where the file, the report or a service is not to be
 * had, and where the counts do not add up in the end.
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
  const patience = {
    auth: createPatience({ service: `auth service at ${addresses.auth}`, say, signal }),
    booking: createPatience({ service: `booking service at ${addresses.booking}`, say, signal }),
  };
  const tally = createTally();
  await report.add(columnsLeftOut(source));
  try {
    await importRows(source.rows, tally, { ...args, services, patience, report, progress, signal });
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
