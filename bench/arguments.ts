import { parseArgs } from 'node:util';
import type { BenchCase, BenchSuite } from './harness/bench-case.ts';

/** Arguments of `npm run bench`. */
export interface BenchArguments {
  readonly suite: string;
  readonly cases: readonly BenchCase[];
  /** File for the rows as JSON. Absent when none is written. */
  readonly json?: string;
  /** File for a Markdown page. Absent when none is written. */
  readonly markdown?: string;
  readonly rounds: number;
}

/** A fault in the command line. The message says what to change. */
export class ArgumentFault extends Error {}

const DEFAULT_ROUNDS = 7;
const MAX_ROUNDS = 100;

/** Returns the text of `--help`. */
export function usage(suites: readonly BenchSuite[]): string {
  return [
    'npm run bench -- SUITE [--case NAME]... [--rounds N] [--json FILE] [--markdown FILE]',
    '',
    '  --case NAME      only this case; may be given several times. Default: all of the suite',
    `  --rounds N       rounds of each contestant, 1 to ${MAX_ROUNDS}. Default ${DEFAULT_ROUNDS}`,
    '  --json FILE      writes the rows as a JSON array',
    '  --markdown FILE  writes the table as a page, with the machine named',
    ...suites.flatMap(({ name, cases }) => ['', `${name}:`, ...list(cases)]),
  ].join('\n');
}

/** Reads the command line. @throws ArgumentFault when a suite, case or option is wrong */
export function readArguments(args: readonly string[], suites: readonly BenchSuite[]): BenchArguments {
  const { values, positionals } = parse(args);
  const [suiteName = '', ...others] = positionals;
  const suite = suites.find(({ name }) => name === suiteName);
  if (suite === undefined || others.length > 0) {
    throw new ArgumentFault(`name one suite: ${suites.map(({ name }) => name).join(' or ')}`);
  }
  return {
    suite: suite.name,
    cases: chooseCases(suite, values.case),
    rounds: readRounds(values.rounds),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.markdown !== undefined && { markdown: values.markdown }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        case: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        json: { type: 'string' },
        markdown: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ArgumentFault(error instanceof Error ? error.message : String(error));
  }
}

function chooseCases({ name, cases }: BenchSuite, wanted: readonly string[] | undefined) {
  for (const each of wanted ?? []) {
    if (cases.some((known) => known.name === each)) continue;
    throw new ArgumentFault(
      `the suite ${name} has no case ${each}; it has ${cases.map((known) => known.name).join(', ')}`,
    );
  }
  return wanted === undefined ? cases : cases.filter((each) => wanted.includes(each.name));
}

function readRounds(text: string | undefined): number {
  const rounds = text === undefined ? DEFAULT_ROUNDS : Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new ArgumentFault(`--rounds takes a whole number from 1 to ${MAX_ROUNDS}, not ${text}`);
}

function list(cases: readonly BenchCase[]): string[] {
  const width = Math.max(...cases.map(({ name }) => name.length));
  return cases.map(({ name, doc }) => `  ${name.padEnd(width)}  ${doc}`);
}
