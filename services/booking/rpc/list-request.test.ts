import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { BookingStatus, BookingView, ListBookingsRequestSchema } from '@rollcall/contract/booking';
import { describe, expect, it } from 'vitest';
import { listFromRequest } from './list-request.ts';

const ID = '019c0000-0000-7000-8000-000000000001';
const TIME = '2026-05-01T00:00:00.000Z';

type Init = MessageInitShape<typeof ListBookingsRequestSchema>;

function listOf(init: Init) {
  return listFromRequest(create(ListBookingsRequestSchema, { tenantId: 'acme', ...init }));
}

/** Returns a forged token, which any caller can make. */
function forge(position: unknown, init: Init = {}): string {
  return listOf(init).tokens.write(position as never);
}

const ALL = {
  userId: null,
  userQuery: null,
  vendorId: null,
  statuses: null,
  startFrom: null,
  startBefore: null,
};

describe('listFromRequest', () => {
  it('reads the defaults', () => {
    expect(listOf({}).list).toEqual({
      tenantId: 'acme',
      view: 'BASIC',
      filter: ALL,
      order: { by: 'create_time', direction: 'desc' },
      limit: 50,
    });
  });

  it('reads every field: ids in lower case, distinct statuses, at most 500 rows a page', () => {
    const init: Init = {
      pageSize: 501,
      view: BookingView.FULL,
      userId: ID.toUpperCase(),
      vendorId: ID.toUpperCase(),
      userQuery: 'Ana',
      statuses: [BookingStatus.PENDING, BookingStatus.PAID, BookingStatus.PENDING],
      startFrom: '2026-05-01',
      startBefore: '2026-06-01',
      orderBy: 'start_date',
    };
    const filter = { userId: ID, vendorId: ID, userQuery: 'Ana', statuses: ['PAID', 'PENDING'] };
    expect(listOf(init).list).toEqual({
      tenantId: 'acme',
      view: 'FULL',
      filter: { ...filter, startFrom: '2026-05-01', startBefore: '2026-06-01' },
      order: { by: 'start_date', direction: 'asc' },
      limit: 500,
    });
  });

  it('continues from a token, also with another page size', () => {
    const position = { at: TIME, id: ID };
    expect(listOf({ pageSize: 7, pageToken: forge(position) }).list.after).toEqual(position);
  });

  it.each<[string, Init]>([
    ['user_id', { userId: ID }],
    ['vendor_id', { vendorId: ID }],
    ['user_query', { userQuery: 'Ana' }],
    ['statuses', { statuses: [BookingStatus.PAID] }],
    ['start_from', { startFrom: '2026-05-01' }],
    ['start_before', { startBefore: '2026-05-01' }],
    ['order_by', { orderBy: 'create_time' }],
    ['view', { view: BookingView.FULL }],
    ['tenant_id', { tenantId: 'other' }],
  ])('refuses a token when %s is another', (_field, init) => {
    const pageToken = forge({ at: TIME, id: ID });
    expect(() => listOf({ ...init, pageToken })).toThrow(
      expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
    );
  });

  it('short-names: accepts a query of one character that is a word', () => {
    expect(listOf({ userQuery: '李' }).list.filter.userQuery).toBe('李');
  });

  it.each([
    ['start_from', { startFrom: '2026-02-30' }],
    ['start_before', { startBefore: '0000-01-01' }],
    ['user_query', { userQuery: 'a\0b' }],
    ['user_query', { userQuery: '\u200b\u2060\u200b' }],
    ['user_query', { userQuery: 'a\u200b' }],
  ])('refuses an invalid %s by its name', (field, init) => {
    const violations = [expect.objectContaining({ field })];
    expect(() => listOf(init)).toThrow(
      expect.objectContaining({
        reason: 'FIELD_INVALID',
        options: expect.objectContaining({ violations }),
      }),
    );
  });

  it.each([
    [null],
    [TIME],
    [{ at: '2026-05-01', id: ID }],
    [{ at: 'infinity', id: ID }],
    [{ at: '+012026-05-01T00:00:00.000Z', id: ID }],
    [{ at: 1, id: ID }],
    [{ at: null, id: ID }],
    [{ at: TIME, id: `${ID}'` }],
    [{ at: TIME, id: null }],
    [{ at: TIME }],
  ])('refuses a forged position that is no valid SQL input: %j', (position) => {
    const pageToken = forge(position);
    expect(() => listOf({ pageToken })).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }));
  });

  it.each([[{ at: TIME, id: ID }], [{ at: '2026-02-30', id: ID }], [{ at: 'infinity', id: ID }]])(
    'refuses a forged day that is no valid SQL input: %j',
    (position) => {
      const init = { orderBy: 'start_date' };
      const pageToken = forge(position, init);
      expect(() => listOf({ ...init, pageToken })).toThrow(
        expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
      );
    },
  );
});
