import { describe, expect, it } from 'vitest';
import { lastLogLineOf } from './service-log.ts';

const INFO = '{"level":"info","msg":"listening"}';
const ERROR = '{"level":"error","msg":"call failed","err":{"message":"connection lost"}}';
const EXITED = { bySignal: false };
const KILLED = { bySignal: true };
const WARNING = [
  '(node:4711) TimeoutNegativeWarning: -5 is a negative number.',
  'Timeout duration was set to 1.',
  '(Use `node --trace-warnings ...` to show where the warning was created)',
];

const reasonOf = (lines: readonly string[], ending: { bySignal: boolean }) =>
  lastLogLineOf(lines, ending).reason;

describe('lastLogLineOf', () => {
  it('finds the line of an uncaught error in the trace that Node writes', () => {
    const trace = [
      'node:internal/modules/cjs/loader:1433',
      '  throw err;',
      '  ^',
      "Error: Cannot find module '/srv/main.ts'",
      '    at node:internal/modules/cjs/loader:1430:15 {',
      "  code: 'MODULE_NOT_FOUND',",
      '  requireStack: []',
      '}',
      'Node.js v24.21.0',
    ];
    const uncaught = "Error: Cannot find module '/srv/main.ts'";
    expect(reasonOf([INFO, ...trace], EXITED)).toBe(uncaught);
    // What was logged at the same time is written at the very end.
    expect(reasonOf([ERROR, ...trace, INFO], EXITED)).toBe(uncaught);
  });

  it('takes the startup fault, which is no JSON, before what was logged', () => {
    expect(reasonOf([INFO, ERROR, 'AUTH_HOST must be a loopback address'], EXITED)).toBe(
      'AUTH_HOST must be a loopback address',
    );
  });

  it('B10: takes an error logged for the reason where it is the last line, and no older one', () => {
    expect(lastLogLineOf([INFO, ERROR], EXITED)).toEqual({
      reason: 'call failed: connection lost',
      lastLine: 'call failed: connection lost',
    });
    for (const ending of [EXITED, KILLED]) {
      const plain = ['something went wrong, and was mended', 'Error: refused, and tried again'];
      expect(lastLogLineOf([ERROR, ...plain, INFO], ending)).toEqual({ reason: '', lastLine: 'listening' });
    }
  });

  it('reads the errors of log lines as services write them', () => {
    const cause = { name: 'Error', message: 'disk on fire' };
    const line = (fields: object) => JSON.stringify({ level: 'error', msg: 'call', ...fields });
    expect(reasonOf([line({ cause })], EXITED)).toBe('call: disk on fire');
    expect(reasonOf([line({ error: cause })], EXITED)).toBe('call: disk on fire');
    expect(reasonOf([line({ error: 'A fault.', cause })], EXITED)).toBe('call: A fault.');
  });

  it('has nothing to say where nothing went wrong', () => {
    expect(reasonOf([INFO], EXITED)).toBe('');
    expect(lastLogLineOf([], EXITED)).toEqual({ reason: '', lastLine: '' });
  });

  it('takes no warning for the reason, whatever comes before and after it', () => {
    expect(reasonOf([INFO, ...WARNING], EXITED)).toBe('');
    expect(reasonOf([INFO, ...WARNING, INFO], KILLED)).toBe('');
    expect(reasonOf([ERROR, ...WARNING], KILLED)).toBe('call failed: connection lost');
    expect(reasonOf([...WARNING, 'AUTH_HOST must be a loopback address'], EXITED)).toBe(
      'AUTH_HOST must be a loopback address',
    );
    expect(reasonOf([...WARNING.slice(0, 2), 'RangeError: too far'], EXITED)).toBe('RangeError: too far');
  });

  it('takes no plain line for the reason where a signal ended it, but for a crash of Node itself', () => {
    expect(reasonOf([INFO, 'something'], KILLED)).toBe('');
    expect(reasonOf([INFO, 'FATAL ERROR: JavaScript heap out of memory'], KILLED)).toBe(
      'FATAL ERROR: JavaScript heap out of memory',
    );
  });
});
