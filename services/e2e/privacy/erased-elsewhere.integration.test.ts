import { randomUUID } from 'node:crypto';
import { startAuth } from '@rollcall/auth/testing';
import { BILLING_SETTINGS, createBillingService } from '@rollcall/billing';
import { signatureOf, storyEvents } from '@rollcall/billing/testing';
import { createInvoiceClient, createPaymentClient } from '@rollcall/billing-client';
import { BOOKING_SETTINGS, createBookingService } from '@rollcall/booking';
import { createBookingClient, createPetClient, createReviewClient } from '@rollcall/booking-client';
import { BookingStatus, BookingView } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserRole } from '@rollcall/contract/user';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { createVendorService, VENDOR_SETTINGS } from '@rollcall/vendor';
import { createActivityClient, createVendorClient } from '@rollcall/vendor-client';
import { expect, it } from 'vitest';

const NAME = 'Zephyrine';
const EMAIL = 'zephyrine.quux@example.com';
const PHONE = '+44 20 7946 0987';
const PERSONAL = /zephyrine|quux|7946 ?0987|threadneedle/i;
const SECRET = 'whsec_erased';
const PATIENT = { defaultTimeoutMs: 15_000 };
const PATIENCE = { timeout: 60_000, interval: 100 };
const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;

it('erased-elsewhere: an erased user is in no column of any database, but for name and address on invoices', {
  timeout: 180_000,
}, async () => {
  await using company = await openCompany();
  const { admin, bookings, pets, reviews, vendors, activities, invoices, payments } = company;
  const tenantId = freshTenant();
  const address = { lines: ['1 Threadneedle Street'], locality: 'London' };
  const person = {
    firstName: NAME,
    lastName: 'Quux',
    displayName: `${NAME} Quux`,
    email: EMAIL,
    phone: PHONE,
  };
  const { id } = await seedUser({ admin }, tenantId, { ...person, profile: { address } });
  const other = { firstName: 'Grace', displayName: 'Grace', role: UserRole.VENDOR };
  const { id: vendorId } = await seedUser({ admin }, tenantId, other);

  const requestId = randomUUID();
  const amount = { currencyCode: 'EUR', minorUnits: 1999n };
  const dates = { startDate: '2026-05-01', endDate: '2026-05-03', amount };
  const made = {
    ...{ userId: id, vendorId, ...dates, title: 'Room C', status: BookingStatus.COMPLETED },
    contactDetails: { name: NAME, mail: { to: [EMAIL] }, phone: PHONE },
  };
  const { booking } = await bookings.createBooking({ tenantId, requestId, booking: made });
  const bookingId = booking?.id ?? '';
  const theirs = { userId: vendorId, ...dates, contactDetails: { name: 'Grace' } };
  const { booking: kept } = await bookings.createBooking({ tenantId, booking: theirs });
  const pet = { userId: id, name: `${NAME}'s cat`, species: 'cat', careNotes: `Call ${PHONE}` };
  const { pet: cat } = await pets.createPet({ tenantId, requestId: randomUUID(), pet });
  const review = { bookingId, rating: 4, text: `Quiet. Write to ${EMAIL}` };
  await reviews.createReview({ tenantId, requestId: randomUUID(), review });
  const { vendor } = await vendors.createVendor({
    tenantId,
    vendor: { userId: id, businessLicense: `${NAME} 1` },
  });
  const activity = { vendorId: vendor?.id ?? '', title: `Pottery with ${NAME}`, description: PHONE };
  await activities.createActivity({ tenantId, activity });
  const lines = [{ description: 'Room C', amount }];
  await invoices.issueInvoice({ tenantId, requestId: randomUUID(), userId: id, lines });
  await company.deliver(bookingId, { tenantId, userId: id });
  const paid = async () => (await payments.listPayments({ tenantId, userId: id })).payments.length;
  await expect.poll(paid, PATIENCE).toBe(1);
  const before = await company.columnsWith(PERSONAL);
  expect(before).toEqual(
    expect.arrayContaining([
      ...['auth users.first_name', 'booking bookings.contact_details', 'booking pets.name'],
      ...['booking reviews.text', 'vendor activities.title', 'vendor vendors.business_license'],
      'billing invoices.profile',
    ]),
  );

  await admin.eraseUser({ tenantId, id, reason: 'asked for' });
  const awaited = async () => (await admin.getErasure({ tenantId, id })).erasure?.awaitedConsumers;
  await expect.poll(awaited, PATIENCE).toEqual([]);
  const { erasure } = await admin.getErasure({ tenantId, id });
  expect(erasure?.reports.map(({ consumer, remaining }) => [consumer, remaining])).toEqual([
    ['billing', ''],
    ['booking', ''],
    ['vendor', ''],
  ]);
  expect(erasure?.reports.every(({ reportTime }) => reportTime !== undefined)).toBe(true);

  await expect.poll(() => company.columnsWith(PERSONAL), PATIENCE).toEqual(['billing invoices.profile']);
  const [invoice] = (await invoices.listInvoices({ tenantId, userId: id })).invoices;
  expect(invoice?.profile).toMatchObject({ displayName: `${NAME} Quux`, email: '', phone: '' });
  expect(invoice?.profile?.addressLines).toContain('1 Threadneedle Street');
  const read = async (of: string) =>
    (await bookings.getBooking({ tenantId, id: of, view: BookingView.FULL })).booking;
  const cleared = await read(bookingId);
  expect(cleared).toMatchObject({ title: 'Room C', amount });
  expect(cleared?.contactDetails).toBeUndefined();
  expect((await read(kept?.id ?? ''))?.contactDetails).toEqual({ name: 'Grace' });
  await expect(pets.getPet({ tenantId, id: cat?.id ?? '' })).rejects.toThrow();
  const [rated] = (await reviews.listReviews({ tenantId, vendorId })).reviews;
  expect(rated).toMatchObject({ rating: 4, text: '' });
  // A late repeat finds what was made, although nothing says any more what was asked.
  const again = await bookings.createBooking({ tenantId, requestId, booking: made });
  expect(again).toMatchObject({ replayed: true, booking: { id: bookingId } });
});

/** All four services in this process, each with a database of its own. */
async function openCompany() {
  await using stack = new AsyncDisposableStack();
  const urls = new Map<string, string>();
  for (const name of SERVICES) urls.set(name, stack.use(await createTestDatabase(name)).url);
  const envOf = (name: string, authAddress = '') => ({
    [`${name}_DATABASE_URL`]: urls.get(name.toLowerCase()),
    [`${name}_DATABASE_CONNECTIONS`]: '4',
    [`${name}_GRPC_PORT`]: '0',
    [`${name}_HTTP_PORT`]: '0',
    ...{ AUTH_ADDRESS: authAddress, LOG_LEVEL: 'silent', STRIPE_WEBHOOK_SECRETS: SECRET },
  });
  const auth = stack.use(await startAuth({ databaseUrl: urls.get('auth') ?? '' }));
  const owner = auth.address;
  const booking = stack.use(
    await createBookingService(readConfig(BOOKING_SETTINGS, envOf('BOOKING', owner))),
  );
  const vendor = stack.use(await createVendorService(readConfig(VENDOR_SETTINGS, envOf('VENDOR', owner))));
  const address = ({ servers }: { servers: typeof booking.servers }) => `127.0.0.1:${servers.grpc.port}`;
  const env = { ...envOf('BILLING', owner), BOOKING_ADDRESS: address(booking) };
  const billing = stack.use(await createBillingService(readConfig(BILLING_SETTINGS, env)));
  const to = (service: typeof booking) => ({ ...PATIENT, address: address(service) });
  const clients = {
    admin: stack.use(createUserAdminClient({ ...PATIENT, address: owner })),
    bookings: stack.use(createBookingClient(to(booking))),
    pets: stack.use(createPetClient(to(booking))),
    reviews: stack.use(createReviewClient(to(booking))),
    vendors: stack.use(createVendorClient(to(vendor))),
    activities: stack.use(createActivityClient(to(vendor))),
    invoices: stack.use(createInvoiceClient(to(billing))),
    payments: stack.use(createPaymentClient(to(billing))),
  };
  const webhooks = `http://127.0.0.1:${billing.servers.http.port}/webhooks/stripe`;
  const closers = stack.move();
  return {
    ...clients,
    /** A payment as Stripe tells it, with the payer's name and address. */
    async deliver(bookingId: string, { tenantId, userId }: { tenantId: string; userId: string }) {
      const metadata = { tenant_id: tenantId, user_id: userId, booking_id: bookingId };
      const story = storyEvents({ name: 'erased', metadata });
      const payer = {
        billing_details: { name: `${NAME} Quux`, email: EMAIL, phone: PHONE },
        description: NAME,
      };
      for (const event of [
        story.intent('payment_intent.created', { ...payer, receipt_email: EMAIL }),
        story.charge('charge.succeeded', { ...payer, captured: true, amount_captured: 1999 }),
        story.intent('payment_intent.succeeded', { ...payer, status: 'succeeded', amount_received: 1999 }),
      ]) {
        const body = JSON.stringify(event);
        const headers = { 'stripe-signature': signatureOf(body, SECRET) };
        expect((await fetch(webhooks, { method: 'POST', body, headers })).status).toBe(200);
      }
    },
    /**
     * Every column of every table, the outboxes' included, in which something matches: `booking pets.name`.
     */
    async columnsWith(words: RegExp): Promise<string[]> {
      const found = new Set<string>();
      for (const [service, url] of urls)
        for (const column of await matchingColumns(url, words)) found.add(`${service} ${column}`);
      return [...found].sort();
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

async function matchingColumns(url: string, words: RegExp): Promise<string[]> {
  const tables = await query(
    url,
    `select table_schema as schema, table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const found = new Set<string>();
  for (const { schema, name } of tables)
    for (const { row } of await query(url, `select to_jsonb(t) as row from "${schema}"."${name}" t`))
      for (const [column, value] of Object.entries(row as object))
        if (words.test(textOf(value)))
          found.add(schema === 'public' ? `${name}.${column}` : `${schema}.${name}.${column}`);
  return [...found];
}

/** A value as text; of bytes also what they are in Latin 1. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value);
  const bytes = /^"\\\\x([0-9a-f]+)"$/.exec(text)?.[1];
  return bytes === undefined ? text : `${text} ${Buffer.from(bytes, 'hex').toString('latin1')}`;
}
