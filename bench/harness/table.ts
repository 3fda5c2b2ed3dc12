import type { ResultRow } from './result-row.ts';

const HEADS = ['case', 'value', 'unit', 'peer', 'peer value', 'ratio', 'target', ''] as const;
// Columns of figures, aligned to the right.
const RIGHT = new Set<number>([1, 4, 5, 6]);

/** Renders rows as a table for a terminal, with the notes below. */
export function renderTable(rows: readonly ResultRow[]): string {
  const lines = [HEADS, ...rows.map(toCells)];
  const widths = HEADS.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const render = (cells: readonly string[]) =>
    widths.map((width, i) => pad(cells[i] ?? '', width, RIGHT.has(i))).join('  ');
  const [head = '', ...body] = lines.map((cells) => render(cells).trimEnd());
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [head, rule.trimEnd(), ...body, ...renderNotes(rows)].join('\n');
}

/** Renders rows as a Markdown table, with the notes below. */
export function renderMarkdownTable(rows: readonly ResultRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rules = HEADS.map((_, i) => (RIGHT.has(i) ? '---:' : '---'));
  const notes = rows.flatMap((row) => row.notes.map((note) => `- \`${row.case}\`: ${note}`));
  return [line(HEADS), line(rules), ...rows.map((row) => line(toCells(row))), '', ...notes].join('\n');
}

/** Shows a figure with three significant digits, and k, M or G where that is shorter. null becomes a dash. */
export function showFigure(figure: number | null): string {
  if (figure === null) return '–';
  for (const [size, sign] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(figure) >= size) return `${toDigits(figure / size)} ${sign}`;
  }
  return toDigits(figure);
}

function toDigits(figure: number): string {
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : String(Number(figure.toPrecision(3)));
}

function toCells(row: ResultRow): readonly string[] {
  return [
    row.case,
    showFigure(row.value),
    row.unit ?? '–',
    row.peer ?? '–',
    showFigure(row.peerValue),
    row.ratio === null ? '–' : row.ratio.toFixed(2),
    row.target ?? '–',
    row.verdict,
  ];
}

function renderNotes(rows: readonly ResultRow[]): string[] {
  const notes = rows.flatMap((row) => [...spreadOf(row), ...row.notes].map((note) => `${row.case}: ${note}`));
  return notes.length > 0 ? ['', ...notes] : [];
}

function spreadOf({ min, max, peerMin, peerMax, rounds }: ResultRow): string[] {
  if (rounds < 2) return [];
  const peer = peerMin === null ? '' : `, peer ${showFigure(peerMin)} to ${showFigure(peerMax)}`;
  return [`${rounds} rounds, ${showFigure(min)} to ${showFigure(max)}${peer}`];
}

function pad(text: string, width: number, isRight: boolean): string {
  return isRight ? text.padStart(width) : text.padEnd(width);
}
