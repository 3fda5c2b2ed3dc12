import { describe, expect, it } from 'vitest';
import { hotelBookings } from '../hotel-bookings/hotel-bookings.ts';
import { CARD, hotelCells } from '../testing/hotel-csv.ts';
import { type PlanContext, planRow } from './plan-row.ts';
import { openRowIndex } from './row-index.ts';

describe('planRow', () => {
  it('plans the same requests for the same rows, in any run', () => {
    const rows = [{}, { name: 'Bob' }, {}];
    expect(requestIds(rows)).toEqual(requestIds(rows));
  });

  it('gives every one of several equal rows a request id of its own', () => {
    const ids = requestIds([{}, {}, {}]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('knows a row again wherever it stands', () => {
    expect(requestIds([{ adr: '1' }, {}])).toContain(requestIds([{}])[0]);
  });

  it('keeps tenants apart', () => {
    expect(requestIds([{}], 'one')).not.toEqual(requestIds([{}], 'two'));
  });

  it('refuses what the row reader, the kind or the contract refuses, and says so', () => {
    using index = openRowIndex();
    const context = { ...CONTEXT, index };
    const place = { line: 7, endByte: 99 };
    expect(planRow({ ...place, fault: 'torn' }, context)).toEqual({
      ...place,
      kind: 'refuse',
      reason: 'torn',
    });
    expect(plan({ hotel: '' }, context)).toMatchObject({ kind: 'refuse', reason: 'hotel is empty' });
    expect(plan({ hotel: 'x'.repeat(500) }, context)).toMatchObject({
      kind: 'refuse',
      reason: expect.stringMatching(/^booking\.title must /),
    });
  });

  it('books a row without a usable address, for nobody', () => {
    using index = openRowIndex();
    expect(plan({ email: '' }, { ...CONTEXT, index })).toMatchObject({
      kind: 'book',
      person: { reason: 'email is empty' },
    });
  });

  it('sheet-files: lists what a later row says otherwise of a person, and what is no value', () => {
    using index = openRowIndex();
    const context = { ...CONTEXT, index };
    const leftOut = (changes: Record<string, string>) => {
      const planned = plan(changes, context);
      return planned.kind === 'book' && planned.leftOut.map(({ from }) => from);
    };
    expect(leftOut({})).toEqual([]);
    expect(
      leftOut({ 'phone-number': '(555) 0100 x5', name: 'King, Ada', email: 'ADA.KING@example.com' }),
    ).toEqual([]);
    expect(leftOut({ 'phone-number': '555-0199' })).toEqual(['phone-number']);
    expect(leftOut({ 'phone-number': '', name: 'Augusta King' })).toEqual(['name']);
    expect(leftOut({ 'phone-number': '4.47911E+11', country: '#N/A' })).toEqual(['country', 'phone-number']);
    expect(leftOut({ email: 'other@example.com', name: 'Augusta King' })).toEqual([]);
  });

  it('carries nothing of a card', () => {
    using index = openRowIndex();
    const planned = plan({ credit_card: CARD }, { ...CONTEXT, index });
    expect(
      JSON.stringify(planned, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain(CARD);
  });
});

const CONTEXT = {
  kind: hotelBookings,
  kindName: 'hotel-bookings',
  tenantId: 'demo',
  currency: { code: 'EUR', decimals: 2 },
};

function plan(changes: Record<string, string>, context: PlanContext) {
  return planRow({ line: 2, endByte: 100, cells: hotelCells(changes) }, context);
}

function requestIds(rows: Record<string, string>[], tenantId = 'demo') {
  using index = openRowIndex();
  return rows.map((row) => {
    const planned = plan(row, { ...CONTEXT, tenantId, index });
    return planned.kind === 'book' ? planned.request.requestId : undefined;
  });
}
