import { writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { ResultRow } from './result-row.ts';
import { renderMarkdownTable } from './table.ts';

/** Writes rows as a JSON array. */
export function writeJson(file: string, rows: readonly ResultRow[]): void {
  writeFileSync(file, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** Writes a Markdown page with the rows. @param circumstances machine, load and day, one line each */
export function writeMarkdown(
  file: string,
  rows: readonly ResultRow[],
  circumstances: readonly string[],
): void {
  writeFileSync(file, toMarkdownPage(rows, circumstances));
}

/** Returns the text of the Markdown page. */
export function toMarkdownPage(rows: readonly ResultRow[], circumstances: readonly string[]): string {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  const tables = suites.map((suite) => {
    const rowsOfSuite = rows.filter((row) => row.suite === suite);
    return `## ${suite}\n\n${renderMarkdownTable(rowsOfSuite)}\n`;
  });
  return [
    '# Benchmarks\n',
    'Made by `npm run bench -- SUITE --markdown FILE`; what each case does and how to read it stands in',
    '[bench/README.md](../bench/README.md). Compare figures of one run with each other only.\n',
    ...circumstances.map((line) => `- ${line}`),
    '',
    ...tables,
  ].join('\n');
}

/** Describes the machine in one line. Figures of different machines must not be compared. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() || 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const cores = `${processors.length} ${processors.length === 1 ? 'core' : 'cores'}`;
  return `${cores} of ${model}, ${memoryGiB} GiB, ${platform()} ${release()} ${arch()}, Node ${process.version}`;
}

/** Describes the load before the run in one line. Above a tenth of the cores, figures are not reliable. */
export function describeLoad(): string {
  return `load before the run: ${(loadavg()[0] ?? 0).toFixed(2)} of ${cpus().length} cores`;
}
