import { create } from '@bufbuild/protobuf';
import { BookingView, ListBookingsRequestSchema } from '@rollcall/contract/booking';
import { describe, expect, it } from 'vitest';
import { listFromRequest } from './list-bookings.ts';

const ID = '019c0000-0000-7000-8000-000000000001';
const REQUEST = create(ListBookingsRequestSchema, { tenantId: 'acme', userId: ID.toUpperCase() });

/** A token as anybody could make it, who can read how it is done. */
function forge(position: unknown): string {
  return listFromRequest(REQUEST).tokens.write(position as never);
}

describe('listFromRequest', () => {
  it('reads the defaults', () => {
    const request = create(ListBookingsRequestSchema, { tenantId: 'acme' });
    expect(listFromRequest(request).list).toEqual({
      tenantId: 'acme',
      view: 'BASIC',
      userId: null,
      limit: 50,
    });
  });

  it('takes up to 500 of a page, and the id of a user in lower case', () => {
    const request = { ...REQUEST, pageSize: 501, view: BookingView.FULL };
    expect(listFromRequest(request).list).toEqual({
      tenantId: 'acme',
      view: 'FULL',
      userId: ID,
      limit: 500,
    });
  });

  it('goes on where a token says, also with another page size', () => {
    const position = { timeMs: Date.UTC(2026, 4, 1), id: ID };
    const request = { ...REQUEST, pageSize: 7, pageToken: forge(position) };
    expect(listFromRequest(request).list.after).toEqual(position);
  });

  it.each([
    [null],
    ['2026-05-01'],
    [{ timeMs: 1.5, id: ID }],
    [{ timeMs: -1, id: ID }],
    [{ timeMs: 1e300, id: ID }],
    [{ timeMs: '1', id: ID }],
    [{ timeMs: null, id: ID }],
    [{ timeMs: 1, id: `${ID}'` }],
    [{ timeMs: 1, id: null }],
    [{ timeMs: 1 }],
  ])('refuses a forged position that the database could not compare with: %j', (position) => {
    const request = { ...REQUEST, pageToken: forge(position) };
    expect(() => listFromRequest(request)).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }));
  });
});
