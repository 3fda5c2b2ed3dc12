import { describe, expect, it } from 'vitest';
import { lastWordsOf } from './service-log.ts';

const INFO = '{"level":"info","msg":"listening"}';
const ERROR = '{"level":"error","msg":"call failed","err":{"message":"connection lost"}}';

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
    expect(lastWordsOf([INFO, ...trace])).toBe("Error: Cannot find module '/srv/main.ts'");
  });

  it('takes the startup fault, which is no JSON, before what was logged', () => {
    expect(lastWordsOf([INFO, 'AUTH_HOST must be a loopback address', ERROR])).toBe(
      'AUTH_HOST must be a loopback address',
    );
  });

  it('takes the last error logged, with its cause, before later lines', () => {
    expect(lastWordsOf([INFO, ERROR, INFO])).toBe('call failed: connection lost');
  });

  it('has nothing to say where nothing went wrong', () => {
    expect(lastWordsOf([INFO])).toBe('');
    expect(lastWordsOf([])).toBe('');
  });
});
