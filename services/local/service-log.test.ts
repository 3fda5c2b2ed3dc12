import { describe, expect, it } from 'vitest';
import { lastWordsOf } from './service-log.ts';

const INFO = '{"level":"info","msg":"listening"}';
const ERROR = '{"level":"error","msg":"call failed","err":{"message":"connection lost"}}';
const EXITED = { bySignal: false };
const KILLED = { bySignal: true };
const WARNING = [
  '(node:4711) TimeoutNegativeWarning: -5 is a negative number.',
  'Timeout duration was set to 1.',
  '(Use `node --trace-warnings ...` to show where the warning was created)',
];

describe('lastWordsOf', () => {
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
    expect(lastWordsOf([INFO, ...trace], EXITED)).toBe("Error: Cannot find module '/srv/main.ts'");
  });

  it('takes the startup fault, which is no JSON, before what was logged', () => {
    expect(lastWordsOf([INFO, 'AUTH_HOST must be a loopback address', ERROR], EXITED)).toBe(
      'AUTH_HOST must be a loopback address',
    );
  });

  it('takes the last error logged, with its cause, before later lines', () => {
    expect(lastWordsOf([INFO, ERROR, INFO], EXITED)).toBe('call failed: connection lost');
  });

  it('has nothing to say where nothing went wrong', () => {
    expect(lastWordsOf([INFO], EXITED)).toBe('');
    expect(lastWordsOf([], EXITED)).toBe('');
  });

  it('takes no warning for the reason, whatever comes before and after it', () => {
    expect(lastWordsOf([INFO, ...WARNING], EXITED)).toBe('');
    expect(lastWordsOf([INFO, ...WARNING, INFO], KILLED)).toBe('');
    expect(lastWordsOf([ERROR, ...WARNING], KILLED)).toBe('call failed: connection lost');
    expect(lastWordsOf([...WARNING, 'AUTH_HOST must be a loopback address'], EXITED)).toBe(
      'AUTH_HOST must be a loopback address',
    );
    expect(lastWordsOf([...WARNING.slice(0, 2), 'RangeError: too far'], EXITED)).toBe('RangeError: too far');
  });

  it('takes no plain line for the reason where a signal ended it, but for a crash of Node itself', () => {
    expect(lastWordsOf([INFO, 'something'], KILLED)).toBe('');
    expect(lastWordsOf([INFO, 'FATAL ERROR: JavaScript heap out of memory'], KILLED)).toBe(
      'FATAL ERROR: JavaScript heap out of memory',
    );
  });
});
