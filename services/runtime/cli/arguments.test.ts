import { describe, expect, it } from 'vitest';
import { commandFolder, parseTime, readArguments, readCommand } from './arguments.ts';

const RULES = {
  options: { lines: { type: 'string' }, user: { type: 'string' }, json: { type: 'boolean' } },
  commands: {
    tail: { options: ['lines', 'json'] },
    search: { options: ['lines', 'user', 'json'], operands: 1 },
    show: { options: [] },
  },
} as const;

const read = (...args: string[]) => readCommand('npm run log', args, RULES);

describe('readCommand', () => {
  it('returns the command, its operands and its options', () => {
    expect(read('search', 'them', '--user', 'ada')).toEqual({
      command: 'search',
      operands: ['them'],
      values: { user: 'ada' },
    });
    expect(read('--json', 'tail').values).toEqual({ json: true });
  });

  it.each([
    [[], 'npm run log needs a command: say tail, search or show; --help says more'],
    [['--json'], 'npm run log needs a command: say tail, search or show; --help says more'],
    [['toString'], 'There is no command "toString": say tail, search or show; --help says more'],
    [
      ['tail', '--user', 'ada'],
      'npm run log -- tail does not take --user: it takes --lines, --json; --help says more',
    ],
    [['show', '--json'], 'npm run log -- show does not take --json: it takes none; --help says more'],
    [['tail', 'them'], '"them" is one argument too many; --help says more'],
    [['search', 'them', 'all'], '"all" is one argument too many; --help says more'],
    [['tail', '--usr', 'ada'], "Unknown option '--usr'; --help says more"],
    [['tail', '--lines'], "Option '--lines <value>' argument missing; --help says more"],
    [
      ['tail', '--lines', '-1'],
      'Option --lines needs a value: write one that begins with "-" as --lines=-…; --help says more',
    ],
    [['tail', '--json=no'], "Option '--json' does not take an argument; --help says more"],
  ])('refuses in one line: %j', (args, message) => {
    expect(() => read(...args)).toThrow(new RegExp(`^${RegExp.escape(message)}$`));
  });
});

describe('readArguments', () => {
  it('refuses an option that does not exist in one sentence', () => {
    expect(() => readArguments(['--bogus'], {})).toThrow(/^Unknown option '--bogus'; --help says more$/);
  });
});

describe('parseTime', () => {
  it.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2026-11-01T12:00:00Z', '2026-11-01T12:00:00.000Z'],
    ['2026-11-01T00:30:00+02:00', '2026-10-31T22:30:00.000Z'],
  ])('reads %s', (text, time) => {
    expect(parseTime(text).toISOString()).toBe(time);
  });

  it.each([
    '',
    '1',
    '12 days',
    'yesterday 5',
    '2026-02-30',
    '2026-13-01',
    '2026-11-01T25:00:00Z',
    '2026-11-01T12:00',
  ])('refuses "%s"', (text) => {
    expect(() => parseTime(text)).toThrow('a day such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z');
  });
});

describe('commandFolder', () => {
  it('is the folder in which npm was called', () => {
    expect(commandFolder({ npm_lifecycle_event: 'token', INIT_CWD: '/home/ada' }, 'token')).toBe('/home/ada');
    expect(commandFolder({ npm_lifecycle_event: 'test', INIT_CWD: '/home/ada' }, 'token')).toBe(
      process.cwd(),
    );
    expect(commandFolder({}, 'token')).toBe(process.cwd());
  });
});
