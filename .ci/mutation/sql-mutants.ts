import type { Mutant } from './mutant.ts';

// A statement, or a part of one that is put into several, such as a list of conditions.
const STATEMENT =
  /^\s*(select|insert|update|delete|with|merge|create or replace)\b|\b(where|returning|on conflict|for update)\b|[=<>]\s*(any\s*\()?\$\d/i;
// A condition reaches to the next connective, the end of its clause or bracket, or the end of the line.
const CONDITION = String.raw`(?:[^(),\n]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+?(?=\s+(?:and|or|order|limit|returning|group|for|on|union|then|else|when|end|as|do|offset)\b|\s*[,)]|\s*\n|\s*$)`;
const AFTER_BETWEEN = /\bbetween\s+\S+\s+and\s+$/i;
const HALF_BETWEEN = /\bbetween\s+\S+$/i;

interface Rule {
  readonly operator: string;
  readonly pattern: RegExp;
  /** As `String.replace` takes it: `$1` is the first group. */
  readonly replacement: string;
}

const RULES: readonly Rule[] = [
  // The condition stays in the text: without it Postgres would refuse a parameter that stands nowhere else,
  // whatever the tests check.
  {
    operator: 'sql: condition removed',
    pattern: new RegExp(String.raw`(?<=\b(?:and|where)\s+)(?!true\b)(${CONDITION})`, 'gi'),
    replacement: '($1 or true)',
  },
  // The first of a list of conditions that another statement puts in.
  {
    operator: 'sql: condition removed',
    pattern: new RegExp(
      String.raw`^(?!\s*(?:select|insert|update|delete|with|merge|create|from|set|on|join|left|values|and|or|where|returning|case|when)\b)(${CONDITION})(?=\s+and\b)`,
      'gi',
    ),
    replacement: '($1 or true)',
  },
  { operator: 'sql: bound moved', pattern: /(?<=[\w)] )<(?= [$\w(])/g, replacement: '<=' },
  { operator: 'sql: bound moved', pattern: /(?<=[\w)] )<=(?= [$\w(])/g, replacement: '<' },
  { operator: 'sql: bound moved', pattern: /(?<=[\w)] )>(?= [$\w(])/g, replacement: '>=' },
  { operator: 'sql: bound moved', pattern: /(?<=[\w)] )>=(?= [$\w(])/g, replacement: '>' },
  {
    operator: 'sql: lock removed',
    pattern: /\bfor (?:no key )?(?:update|share)(?: of \w+)?(?: skip locked| nowait)?/gi,
    replacement: '',
  },
  { operator: 'sql: null test turned', pattern: /\bis not null\b/gi, replacement: 'is null' },
  { operator: 'sql: null test turned', pattern: /\bis null\b/gi, replacement: 'is not null' },
  { operator: 'sql: greatest and least exchanged', pattern: /\bgreatest(?=\()/gi, replacement: 'least' },
  { operator: 'sql: greatest and least exchanged', pattern: /\bleast(?=\()/gi, replacement: 'greatest' },
  { operator: 'sql: increment removed', pattern: /\+ 1\b/g, replacement: '+ 0' },
  { operator: 'sql: order turned', pattern: /\bdesc\b/gi, replacement: 'asc' },
];

/** Changes of the SQL between two offsets of a source. None where the text is no statement. */
export function findSqlMutants(source: string, start: number, end: number): Mutant[] {
  const text = source.slice(start, end);
  if (!STATEMENT.test(text)) return [];
  return RULES.flatMap(({ operator, pattern, replacement }) =>
    [...text.matchAll(pattern)]
      .filter(({ index, 0: found }) => isChangeable(found, text.slice(0, index)))
      .map(({ index, 0: found, 1: group }) => ({
        operator,
        start: start + index,
        end: start + index + found.length,
        replacement: replacement.replace('$1', () => group ?? ''),
      })),
  );
}

/**
 * Whether a match may be changed. Text that TypeScript inserts is changed where it is written; the `and` of
 * `between 1 and 2` joins no conditions.
 */
function isChangeable(found: string, before: string): boolean {
  const isHalfBetween = AFTER_BETWEEN.test(before) || HALF_BETWEEN.test(found);
  // A quote of TypeScript's within: the condition ends in another text.
  return !/--|`/.test(found) && !isHalfBetween && !/^\$\{[^}]*\}$/.test(found.trim());
}
