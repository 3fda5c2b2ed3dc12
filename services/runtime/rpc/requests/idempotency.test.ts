import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { digestOf, fingerprintOf, writeRequest } from './idempotency.ts';

// One of every kind of value that callers send.
const BOOKING = {
  reference: '',
  userId: null,
  vendorId: null,
  petIds: [],
  contactDetails: { name: 'Ana', phones: ['1', '2'], address: { city: 'Porto', zip: null } },
  status: 'PENDING',
  startDate: '2026-05-01',
  endDate: '2026-05-02',
  amount: { currencyCode: 'EUR', minorUnits: 1999n },
  title: 'Room 1',
};

type Changes = { readonly [Field in keyof typeof BOOKING]?: unknown };

function hex(changes: Changes = {}): string {
  return Buffer.from(fingerprintOf({ ...BOOKING, ...changes })).toString('hex');
}

describe('fingerprintOf', () => {
  it('ignores the order of keys', () => {
    const reordered = { address: { zip: null, city: 'Porto' }, phones: ['1', '2'], name: 'Ana' };
    expect(hex({ contactDetails: reordered })).toBe(hex());
    const backwards = Object.fromEntries(Object.entries(BOOKING).reverse());
    expect(Buffer.from(fingerprintOf(backwards)).toString('hex')).toBe(hex());
  });

  it('leaves out empty fields, so that digests outlive new fields', () => {
    const { vendorId, petIds, ...before } = BOOKING;
    expect(Buffer.from(fingerprintOf(before)).toString('hex')).toBe(hex());
  });

  it.each([
    ['a text', ''],
    ['nothing', null],
    ['a number', 0],
    ['an amount', 0n],
    ['a flag', false],
    ['a list', []],
  ])('treats %s at its default as absent', (_what, value) => {
    expect(fingerprintOf({ title: 'Room 1', value })).toEqual(digestOf({ title: 'Room 1' }));
  });

  it.each<[string, Changes]>([
    ['reference', { reference: 'A-1' }],
    ['user', { userId: '019c0000-0000-7000-8000-000000000001' }],
    ['vendor', { vendorId: '019c0000-0000-7000-8000-000000000001' }],
    ['pets', { petIds: ['019c0000-0000-7000-8000-000000000001'] }],
    ['status', { status: 'PAID' }],
    ['start', { startDate: '2026-04-30' }],
    ['end', { endDate: '2026-05-03' }],
    ['no amount', { amount: null }],
    ['amount', { amount: { currencyCode: 'EUR', minorUnits: 2000n } }],
    ['currency', { amount: { currencyCode: 'USD', minorUnits: 1999n } }],
    ['title', { title: 'Room 2' }],
    ['no contact details', { contactDetails: null }],
    ['empty contact details', { contactDetails: {} }],
    ['order of a list', { contactDetails: { ...BOOKING.contactDetails, phones: ['2', '1'] } }],
    ['a null that is gone', { contactDetails: { ...BOOKING.contactDetails, address: { city: 'Porto' } } }],
    ['a number for a text', { contactDetails: { ...BOOKING.contactDetails, name: 1 } }],
  ])('differs by %s', (_what, changes) => {
    expect(hex(changes)).not.toBe(hex());
  });
});

describe('writeRequest', () => {
  it('names a write by its id in lower case and by what was asked', () => {
    const asked = { title: 'Room 1' };
    expect(writeRequest('019C0000-0000-7000-8000-00000000000A', asked)).toEqual({
      request: { id: '019c0000-0000-7000-8000-00000000000a', fingerprint: fingerprintOf(asked) },
    });
  });

  it('is empty without an id', () => {
    expect(writeRequest('', { title: 'Room 1' })).toEqual({});
  });
});

const digestHex = (value: unknown) => Buffer.from(digestOf(value)).toString('hex');

describe('digestOf', () => {
  it('ignores the order of keys at any depth, and keys without a value', () => {
    expect(digestHex({ b: 1n, a: { d: 2, c: [3] }, e: undefined })).toBe(
      digestHex({ a: { c: [3], d: 2 }, b: 1n }),
    );
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
  ])('distinguishes %j from %j', (one, other) => {
    expect(digestHex(one)).not.toBe(digestHex(other));
  });
});
