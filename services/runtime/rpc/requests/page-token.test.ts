import { describe, expect, it } from 'vitest';
import { RpcError } from '../rpc-error.ts';
import { pageTokens } from './page-token.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';

describe('pageTokens', () => {
  it('reads the position that it wrote, and nothing from the empty token', () => {
    const tokens = pageTokens(['List', 'tenant'], isNumber);
    expect(tokens.read(tokens.write(7))).toBe(7);
    expect(tokens.read('')).toBeUndefined();
  });

  it.each([
    ['of another request', pageTokens(['List', 'other'], isNumber).write(7)],
    ['of another method', pageTokens(['Find', 'tenant'], isNumber).write(7)],
    [
      'with a position of another kind',
      pageTokens(['List', 'tenant'], (v): v is string => typeof v === 'string').write('x'),
    ],
    ['that is garbage', '%%%'],
    ['that is JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['that is null', Buffer.from('null').toString('base64url')],
  ])('refuses a token %s', (_, token) => {
    const tokens = pageTokens(['List', 'tenant'], isNumber);
    expect(() => tokens.read(token)).toThrow(RpcError);
    expect(() => tokens.read(token)).toThrow(/page_token/);
  });
});
