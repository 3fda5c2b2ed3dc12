import { describe, expect, it } from 'vitest';
import { RpcError } from '../errors.ts';
import { pageByPosition, pageFromRequest, pageTokens } from './pages.ts';

const POSITION = { timeMs: 7, id: '019c0000-0000-7000-8000-000000000001' };
const isCode = (value: unknown): value is string => typeof value === 'string';

function request({ tenantId = 'acme', pageSize = 0, pageToken = '' } = {}) {
  return { tenantId, pageSize, pageToken };
}

describe('pageFromRequest', () => {
  it.each([
    [0, 50],
    [1, 1],
    [500, 500],
    [501, 500],
  ])('reads a page size of %i as %i', (pageSize, limit) => {
    expect(pageFromRequest(request({ pageSize }), ['List']).page).toEqual({ tenantId: 'acme', limit });
  });

  it('continues after the position of its token', () => {
    const { tokens } = pageFromRequest(request(), ['List', { userId: null }]);
    const pageToken = tokens.write(POSITION);
    const { page } = pageFromRequest(request({ pageToken }), ['List', { userId: null }]);
    expect(page).toEqual({ tenantId: 'acme', limit: 50, after: POSITION });
  });

  it.each<[string, Parameters<typeof pageFromRequest>]>([
    ['method', [request(), ['Find', 'a']]],
    ['filter', [request(), ['List', 'b']]],
    ['tenant', [request({ tenantId: 'other' }), ['List', 'a']]],
  ])('refuses the token of another %s', (_what, [other, asked]) => {
    const pageToken = pageFromRequest(other, asked).tokens.write(POSITION);
    expect(() => pageFromRequest(request({ pageToken }), ['List', 'a'])).toThrow(/page_token/);
  });

  it('continues with another page size', () => {
    const pageToken = pageFromRequest(request({ pageSize: 10 }), ['List']).tokens.write(POSITION);
    expect(pageFromRequest(request({ pageSize: 20, pageToken }), ['List']).page).toMatchObject({ limit: 20 });
  });
});

describe('pageByPosition', () => {
  it('continues after a position of its own kind, and refuses any other', () => {
    const asked = ['ListPlans', true];
    const token = (position: unknown) =>
      pageByPosition(request(), asked, (value): value is unknown => value !== null).tokens.write(position);
    const page = (pageToken: string) => pageByPosition(request({ pageToken }), asked, isCode).page;
    expect(page(token('gold'))).toEqual({ tenantId: 'acme', limit: 50, after: 'gold' });
    expect(() => page(token(POSITION))).toThrow(/page_token/);
  });
});

const isNumber = (value: unknown): value is number => typeof value === 'number';

describe('pageTokens', () => {
  it('reads the position that it wrote, and undefined from the empty token', () => {
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
