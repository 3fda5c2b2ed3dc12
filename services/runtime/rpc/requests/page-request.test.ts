import { describe, expect, it } from 'vitest';
import { pageByPosition, pageFromRequest } from './page-request.ts';

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
  ])('of a page size of %i reads %i', (pageSize, limit) => {
    expect(pageFromRequest(request({ pageSize }), ['List']).page).toEqual({ tenantId: 'acme', limit });
  });

  it('goes on where its token says', () => {
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

  it('goes on with another page size', () => {
    const pageToken = pageFromRequest(request({ pageSize: 10 }), ['List']).tokens.write(POSITION);
    expect(pageFromRequest(request({ pageSize: 20, pageToken }), ['List']).page).toMatchObject({ limit: 20 });
  });
});

describe('pageByPosition', () => {
  it('goes on at a position of its own kind, and refuses any other', () => {
    const asked = ['ListPlans', true];
    const token = (position: unknown) =>
      pageByPosition(request(), asked, (value): value is unknown => value !== null).tokens.write(position);
    const page = (pageToken: string) => pageByPosition(request({ pageToken }), asked, isCode).page;
    expect(page(token('gold'))).toEqual({ tenantId: 'acme', limit: 50, after: 'gold' });
    expect(() => page(token(POSITION))).toThrow(/page_token/);
  });
});
