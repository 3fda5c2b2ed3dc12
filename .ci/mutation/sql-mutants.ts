import type { Mutant } from './mutant.ts';

const STATEMENT =
  /^\s*(select|insert|update|delete|with|merge|create or replace)\b|\b(where|returning|on conflict|for update)\b/i;
// A condition reaches to the next connective, the end of its clause or bracket, or the end of the line.
const CONDITION = String.raw`(?:[^()\n]|\((?:[^()]|\([^()]*\))*\))+?(?=\s+(?:and|or|order|limit|returning|group|for|on|union)\b|\s*\)|\s*\n|\s*$)`;

interface Rule {
  readonly operator: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const RULES: readonly Rule[] = [
  {
    operator: 'sql: condition removed',
    pattern: new RegExp(String.raw`\band\s+${CONDITION}`, 'gi'),
    replacement: '',
  },
  {
    operator: 'sql: condition removed',
    pattern: new RegExp(String.raw`(?<=\bwhere\s+)(?!true\b)${CONDITION}`, 'gi'),
    replacement: 'true',
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
      // What TypeScript puts in is changed where it is written.
      .filter(({ 0: found }) => !found.includes('${') && !found.includes('--'))
      .map(({ index, 0: found }) => ({
        operator,
        start: start + index,
        end: start + index + found.length,
        replacement,
      })),
  );
}
