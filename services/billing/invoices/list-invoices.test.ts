import { expect, it } from 'vitest';
import type { Invoice } from './invoice.ts';
import { countWithinLimit, MAX_ANSWER_BYTES } from './list-invoices.ts';

const invoice = (description: string): Invoice => {
  const amount = { currencyCode: 'EUR', minorUnits: 1n };
  const profile = { displayName: '', businessName: '', email: '', phone: '', addressLines: [] };
  const now = new Date();
  return {
    ...{ tenantId: 'acme', id: 'x', number: '2026-000001', userId: 'y', state: 'OPEN' },
    ...{ paymentId: null, stripeInvoiceId: null, issueTime: now, updateTime: now, total: amount },
    profile: { ...profile, userVersion: 1n },
    lines: Array.from({ length: 500 }, () => ({ description, amount, bookingId: null })),
  };
};

it('counts the invoices that fit, and at least one when it is too large', () => {
  const large = invoice('ß'.repeat(500));
  const fitting = countWithinLimit(Array.from({ length: 50 }, () => large));
  expect(fitting).toBeGreaterThan(0);
  expect(fitting * 500 * 500 * 3).toBeLessThan(MAX_ANSWER_BYTES);
  expect(countWithinLimit([invoice('x'.repeat(5000)), large])).toBe(1);
  expect(countWithinLimit([])).toBe(0);
  expect(countWithinLimit([invoice('x'), invoice('x')])).toBe(2);
});
