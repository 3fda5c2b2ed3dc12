import { VerificationState } from '@rollcall/contract/vendor';
import type { BookingInvoice } from './money/booking-invoices.ts';
import type { BookingPayment } from './money/booking-payments.ts';
import { loadInvoice } from './money/load-money.ts';
import { sendPaymentEvents, type WebhookTarget } from './money/payment-webhook.ts';
import type { SampleBooking } from './sample-bookings.ts';
import type { SampleClients } from './sample-clients.ts';
import type { samplePets } from './sample-pets.ts';
import { SAMPLE_TENANT, type SampleUser } from './sample-users.ts';
import type { SampleVendor } from './sample-vendors.ts';

const tenantId = SAMPLE_TENANT;

/** Creates a user. */
export async function loadUser({ admin }: SampleClients, user: SampleUser): Promise<void> {
  await admin.createUser(user);
}

/** Creates a pet. */
export async function loadPet(
  { pets }: SampleClients,
  pet: ReturnType<typeof samplePets>[number],
): Promise<void> {
  await pets.createPet(pet);
}

/** Payment and invoice of a booking. */
export interface BookingMoney {
  readonly payment: BookingPayment | undefined;
  readonly invoice: BookingInvoice | undefined;
  /** Undefined when no secret can sign events. Payments are left out then. */
  readonly webhook: WebhookTarget | undefined;
}

/**
 * Creates a booking, its review, its payment and its invoice.
 * @returns whether billing applies the payment
 */
export async function loadBooking(
  clients: SampleClients,
  { request, review }: SampleBooking,
  { payment, invoice, webhook }: BookingMoney,
): Promise<boolean> {
  const { booking } = await clients.bookings.createBooking(request);
  if (!booking) return false;
  const { id: bookingId } = booking;
  if (review) {
    const { requestId } = review;
    await clients.reviews.createReview({ tenantId, requestId, review: { ...review.review, bookingId } });
  }
  const { userId, amount, title } = request.booking;
  if (invoice) await loadInvoice(clients, invoice, { bookingId, userId, amount, title });
  if (!payment || !webhook) return false;
  return await sendPaymentEvents(webhook, payment, { bookingId, userId, amount });
}

/**
 * Creates a vendor, changes its verification state step by step, and creates its activities. After an
 * interrupted load it goes on.
 */
export async function loadVendor(
  clients: SampleClients,
  { request, way, offers }: SampleVendor,
): Promise<void> {
  const { vendor } = await clients.vendors.createVendor(request);
  if (!vendor) return;
  const { id, verificationState } = vendor;
  for (const state of way.slice(way.indexOf(verificationState) + 1)) {
    await clients.vendors.changeVerification({ tenantId, id, state, note: NOTES[state] ?? '' });
  }
  for (const { requestId, activity } of offers) {
    await clients.activities.createActivity({ tenantId, requestId, activity: { ...activity, vendorId: id } });
  }
}

const NOTES: Readonly<Record<VerificationState, string>> = {
  [VerificationState.UNSPECIFIED]: '',
  [VerificationState.UNVERIFIED]: '',
  [VerificationState.SUBMITTED]: '',
  [VerificationState.VERIFIED]: 'The licence was seen.',
  [VerificationState.REJECTED]: 'The licence had run out.',
  [VerificationState.SUSPENDED]: 'Waits for a new licence.',
};
