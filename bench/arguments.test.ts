import { describe, expect, it } from 'vitest';
import { ArgumentFault, readArguments, usage } from './arguments.ts';

const run = async () => ({ notMeasured: 'a test' });
const hit = { name: 'hit', doc: 'hits', run };
const peek = { name: 'peek', doc: 'peeks', run };
const suites = [{ name: 'client', cases: [hit, peek] }];

describe('the command line', () => {
  it('without options means every case, seven rounds and no file', () => {
    expect(readArguments(['client'], suites)).toEqual({ suite: 'client', cases: [hit, peek], rounds: 7 });
  });

  it('names cases, rounds and files', () => {
    const args = ['client', '--case', 'peek', '--rounds', '3', '--json', 'a.json', '--markdown', 'a.md'];
    expect(readArguments(args, suites)).toEqual({
      suite: 'client',
      cases: [peek],
      rounds: 3,
      json: 'a.json',
      markdown: 'a.md',
    });
  });

  it.each([
    [[], 'name one suite: client'],
    [['server'], 'name one suite: client'],
    [['client', 'hit'], 'name one suite: client'],
    [['client', '--case', 'hti'], 'the suite client has no case hti; it has hit, peek'],
    [['client', '--rounds', '0'], '--rounds takes a whole number from 1 to 100, not 0'],
    [['client', '--rounds', 'many'], '--rounds takes a whole number from 1 to 100, not many'],
    [['client', '--fast'], "Unknown option '--fast'"],
  ])('is refused as %j', (args, fault) => {
    expect(() => readArguments(args, suites)).toThrow(ArgumentFault);
    expect(() => readArguments(args, suites)).toThrow(fault);
  });

  it('lists suites and cases', () => {
    expect(usage(suites)).toContain('client:\n  hit   hits\n  peek  peeks');
  });
});
