import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** A node of the syntax tree, as ESTree describes it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/**
 * A source file: its text, its syntax tree, its comments, and the files of the repository that it imports.
 */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly tree: Node;
  readonly comments: readonly string[];
  readonly imports: readonly string[];
  /** It only exports what other files declare. */
  readonly isBarrel: boolean;
}

const CODE = /\.(ts|mjs)$/;
const GENERATED = /\/gen\//;
const TESTS =
  /\.test\.ts$|\.test-support\.ts$|\.tools\.ts$|-suite\.ts$|\/testing\/|^services\/e2e\/|\.d\.ts$/;

/** The paths of all files that git holds or would add, from the top of the checkout. */
export function listFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
  const removed = execFileSync('git', ['ls-files', '-d'], { encoding: 'utf8' }).split('\n');
  return [...new Set(listed.split('\n'))].filter((path) => path !== '' && !removed.includes(path)).sort();
}

/** Reads the source files among `paths`: no generated code, no tests and nothing that only tests use. */
export function readSources(paths: readonly string[]): Source[] {
  return paths
    .filter((path) => CODE.test(path) && !GENERATED.test(path) && !TESTS.test(path))
    .map((path) => toSource(path, readFileSync(path, 'utf8')));
}

/** Parses one source file. `path` is from the top of the checkout. */
export function toSource(path: string, text: string): Source {
  const tree = parseAst(text, { lang: 'ts' }) as unknown as Node;
  const statements = tree.body as readonly Node[];
  return {
    path,
    text,
    tree,
    comments: commentsOf(text, tree),
    imports: importsOf(path, statements),
    isBarrel: statements.length > 0 && statements.every(isReExport),
  };
}

/** Calls `visitor` with each node of a tree, parents first. */
export function visit(node: Node, visitor: (node: Node) => void): void {
  visitor(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && 'type' in child) visit(child as Node, visitor);
    }
  }
}

function isReExport(statement: Node): boolean {
  return statement.type.startsWith('Export') && Boolean(statement.source);
}

function importsOf(path: string, statements: readonly Node[]): string[] {
  const found = new Set<string>();
  for (const { source } of statements) {
    const name = (source as { value?: string } | undefined)?.value;
    if (name?.startsWith('.')) found.add(posix.join(posix.dirname(path), name));
  }
  return [...found];
}

// The parser keeps no comments: they are what looks like one outside of strings, templates and regular
// expressions.
function commentsOf(text: string, tree: Node): string[] {
  const literals: [start: number, end: number][] = [];
  visit(tree, ({ type, start, end }) => {
    if (type === 'Literal' || type === 'TemplateElement') literals.push([start, end]);
  });
  const covered = (at: number) => literals.find(([start, end]) => start <= at && at < end);
  const comments: string[] = [];
  const opening = /\/\*|\/\//g;
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const literal = covered(match.index);
    if (literal) {
      opening.lastIndex = literal[1];
      continue;
    }
    const closing = match[0] === '//' ? '\n' : '*/';
    const end = text.indexOf(closing, match.index + 2);
    const raw = text.slice(match.index, end < 0 ? text.length : end + (closing === '*/' ? 2 : 0));
    opening.lastIndex = match.index + raw.length;
    comments.push(raw);
  }
  return joinLines(comments, text);
}

// Consecutive lines of `//` are one comment.
function joinLines(comments: readonly string[], text: string): string[] {
  const joined: string[] = [];
  let at = 0;
  let end = -1;
  for (const comment of comments) {
    at = text.indexOf(comment, at);
    const between = end < 0 ? 'x' : text.slice(end, at);
    const previous = joined.at(-1);
    if (previous?.startsWith('//') && comment.startsWith('//') && /^\n\s*$/.test(between)) {
      joined[joined.length - 1] = `${previous}\n${comment}`;
    } else joined.push(comment);
    at += comment.length;
    end = at;
  }
  return joined;
}
