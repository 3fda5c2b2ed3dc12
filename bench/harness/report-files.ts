import { writeFileSync } from 'node:fs';
import type { ResultRow } from './result-row.ts';
import { renderMarkdownTable } from './table.ts';

/** Writes the rows as a JSON array. */
export function writeJson(file: string, rows: readonly ResultRow[]): void {
  writeFileSync(file, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** Writes a page with the rows of one suite. `circumstances`: machine, load, day, a line each. */
export function writeMarkdown(
  file: string,
  rows: readonly ResultRow[],
  circumstances: readonly string[],
): void {
  writeFileSync(file, toMarkdownPage(rows, circumstances));
}

/** The text of that page. */
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
