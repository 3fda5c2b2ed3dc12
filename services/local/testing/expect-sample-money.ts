import { expect } from 'vitest';

/** HTTP ports of the services. */
export interface MoneyPorts {
  readonly billing: string;
  readonly booking: string;
}

interface ShownPayment {
  readonly bookingId: string;
  readonly state: string;
  readonly refunds?: readonly object[];
}

/**
 * Expects each plan, customer, invoice and payment of the sample once, and a payment for every PAID booking.
 */
export async function expectSampleMoney({ billing, booking }: MoneyPorts): Promise<void> {
  const ofBilling = `http://127.0.0.1:${billing}/rollcall.billing.v1`;
  expect(await list(`${ofBilling}.PlanService/ListPlans`, 'plans')).toHaveLength(2);
  expect(await list(`${ofBilling}.CustomerService/ListCustomers`, 'customers')).toHaveLength(36);
  expect(await list(`${ofBilling}.InvoiceService/ListInvoices`, 'invoices')).toHaveLength(12);
  const payments = await list<ShownPayment>(`${ofBilling}.PaymentService/ListPayments`, 'payments');
  expect(payments).toHaveLength(265);
  expect(payments.some(({ refunds = [] }) => refunds.length > 1)).toBe(true);
  const states = payments.map(({ state }) => state.replace('PAYMENT_STATE_', ''));
  expect([...new Set(states)].sort()).toEqual([
    'CANCELED',
    'PARTIALLY_REFUNDED',
    'PENDING',
    'REFUNDED',
    'SUCCEEDED',
  ]);
  const holds = (state: string) => /_(SUCCEEDED|PARTIALLY_REFUNDED)$/.test(state);
  const paidFor = new Set(payments.filter(({ state }) => holds(state)).map(({ bookingId }) => bookingId));
  const listBookings = `http://127.0.0.1:${booking}/rollcall.booking.v1.BookingService/ListBookings`;
  const bookings = await list<{ id: string; status: string }>(listBookings, 'bookings');
  const paid = bookings.filter(({ status }) => status === 'BOOKING_STATUS_PAID');
  expect(paid.length).toBeGreaterThan(100);
  expect(paid.filter(({ id }) => !paidFor.has(id))).toEqual([]);
}

async function list<T>(url: string, field: string): Promise<T[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenantId: 'demo', pageSize: 500 }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as Record<string, T[]>)[field] ?? [];
}
