import { posix } from 'node:path';
import { type Node, type Source, visit } from './source.ts';
import type { Walk } from './walks.ts';
import { fieldWords, PRIVATE } from './words.ts';

/**
 * A measure of the structure: one number, the bound to reach, and the worst places.
 */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Absent: printed, not held. */
  readonly most?: number;
  /** A share, from 0 to 1. */
  readonly isShare?: boolean;
  readonly where?: readonly string[];
}

const MOST_NAMED = 5;
const CROWDED = 20;
const SHORT_FILE_LINES = 25;
const LONG_FILE_LINES = 300;
const MOST_PARAMETERS = 3;
const GENERATED_OR_LISTS = /^docs\/adr$|\/gen(\/|$)/;
const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

/** Most files to open in order to follow each walk of docs/architecture.md. */
const WALK_BOUNDS: ReadonlyMap<string, { readonly most: number; readonly held?: number }> = new Map([
  ['A GetUser', { most: 57, held: 58 }],
  ['A webhook', { most: 28, held: 29 }],
  ['A page of bookings', { most: 15 }],
]);

/** Measures the structure of the repository. `paths`: all its files. `sources`: the parsed ones. */
export function measure(
  paths: readonly string[],
  sources: readonly Source[],
  walks: readonly Walk[] = [],
): Figure[] {
  return [
    ...files(sources),
    ...folders(paths),
    ...imports(sources),
    ...code(sources),
    ...prose(sources),
    ...openedFiles(walks),
  ];
}

/** The value below which the share `q` of `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function files(sources: readonly Source[]): Figure[] {
  const lines = sources.map(({ path, text }) => ({ path, lines: lineCount(text) }));
  const counts = lines.map((each) => each.lines);
  const short = lines.filter((each) => each.lines < SHORT_FILE_LINES);
  const longest = lines.toSorted((a, b) => b.lines - a.lines);
  return [
    { name: 'source files', value: sources.length },
    { name: 'lines of a file: median', value: quantile(counts, 0.5), most: 95 },
    { name: 'lines of a file: 90th percentile', value: quantile(counts, 0.9), most: 160 },
    {
      name: 'lines of the largest file',
      value: Math.max(...counts),
      most: LONG_FILE_LINES,
      where: longest.slice(0, MOST_NAMED).map((each) => `${each.path} ${each.lines}`),
    },
    {
      name: `files under ${SHORT_FILE_LINES} lines`,
      value: short.length / sources.length,
      most: 0.09,
      isShare: true,
      where: short.map(({ path }) => path),
    },
  ];
}

function folders(paths: readonly string[]): Figure[] {
  const counts = [...Map.groupBy(paths, (path) => posix.dirname(path))]
    .filter(([folder]) => !GENERATED_OR_LISTS.test(folder))
    .map(([folder, inside]) => ({ folder, count: inside.length }))
    .toSorted((a, b) => b.count - a.count);
  return [
    {
      name: 'files in the largest folder',
      value: counts[0]?.count ?? 0,
      most: CROWDED,
      where: counts
        .filter(({ count }, i) => count > CROWDED || i < MOST_NAMED)
        .map((each) => `${each.folder} ${each.count}`),
    },
  ];
}

function imports(sources: readonly Source[]): Figure[] {
  const importers = new Map<string, number>();
  for (const { imports: imported, isBarrel } of sources) {
    if (!isBarrel) for (const path of imported) importers.set(path, (importers.get(path) ?? 0) + 1);
  }
  const single = sources.filter(({ path }) => importers.get(path) === 1);
  const circles = findCircles(new Map(sources.map((source) => [source.path, source.imports])));
  return [
    {
      name: 'files that exactly one other file imports',
      value: single.length / sources.length,
      most: 0.3,
      held: 0.39,
      isShare: true,
      where: single.map(({ path }) => path),
    },
    {
      name: 'circles of imports',
      value: circles.length,
      most: 0,
      where: circles.map((circle) => circle.join(' → ')),
    },
  ];
}

function code(sources: readonly Source[]): Figure[] {
  const lengths: number[] = [];
  const wide: string[] = [];
  let functions = 0;
  const untyped: string[] = [];
  for (const source of sources) {
    visit(source.tree, (node) => {
      if (node.type === 'TSAnyKeyword') untyped.push(source.path);
      if (!FUNCTIONS.includes(node.type)) return;
      functions += 1;
      if ((node.params as Node[]).length > MOST_PARAMETERS) wide.push(source.path);
      if ((node.body as Node | null)?.type !== 'BlockStatement') return;
      lengths.push(lineCount(source.text.slice(node.start, node.end)));
    });
  }
  return [
    { name: 'lines of a function: median', value: quantile(lengths, 0.5), most: 8 },
    { name: 'lines of a function: 90th percentile', value: quantile(lengths, 0.9), most: 20 },
    {
      name: `functions of more than ${MOST_PARAMETERS} parameters`,
      value: wide.length / functions,
      most: 0.005,
      isShare: true,
      where: wide,
    },
    { name: 'uses of any', value: untyped.length, most: 7, where: untyped },
  ];
}

function prose(sources: readonly Source[]): Figure[] {
  const comments = sources.flatMap(({ path, comments: all }) => all.map((text) => ({ path, text })));
  const own = comments.filter(({ text }) => PRIVATE.test(text));
  const opening = (pattern: RegExp) => comments.filter(({ text }) => pattern.test(wordsOf(text)));
  const [what, same] = [opening(/^what\b/i), opening(/^(the same|as above)\b/i)];
  const wide = comments.filter(({ text }) => text.split('\n').some((line) => line.length > 110));
  const show = (list: typeof comments) =>
    list.map(({ path, text }) => `${path}: ${wordsOf(text).slice(0, 90)}`);
  return [
    {
      name: 'comments in words of our own',
      value: own.length / comments.length,
      most: 0.05,
      isShare: true,
      where: own.map(
        ({ path, text }) =>
          `${path}: ${wordsOf(text).slice(0, 90)} (say: ${fieldWords(text) ?? 'the subject'})`,
      ),
    },
    { name: 'comments that open with "What"', value: what.length, most: 100, where: show(what) },
    { name: 'comments that open with "The same"', value: same.length, most: 0, where: show(same) },
    { name: 'comments wider than 110 columns', value: wide.length, most: 0, where: show(wide) },
  ];
}

function openedFiles(walks: readonly Walk[]): Figure[] {
  return walks.flatMap(({ name, files: opened }) => {
    const bounds = WALK_BOUNDS.get(name);
    return bounds ? [{ name: `files to open: ${name}`, value: opened.length, ...bounds, where: opened }] : [];
  });
}

function wordsOf(comment: string): string {
  return comment
    .replace(/^\/\*+|\*\/$|^\s*(\*|\/\/)+/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

/** The groups of files that import each other in a circle (Tarjan's strongly connected components). */
export function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const enter = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) as number);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) enter(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file) as number, low.get(next) as number));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || graph.get(file)?.includes(file)) circles.push(circle);
  };
  for (const file of graph.keys()) if (!index.has(file)) enter(file);
  return circles;
}
