import { VerificationState } from '@rollcall/contract/vendor';
import type { SampleBooking } from './sample-bookings.ts';
import type { SampleClients } from './sample-clients.ts';
import type { samplePets } from './sample-pets.ts';
import { SAMPLE_TENANT, type SampleUser } from './sample-users.ts';
import type { SampleVendor } from './sample-vendors.ts';

const tenantId = SAMPLE_TENANT;

/** Makes a user. */
export async function loadUser({ admin }: SampleClients, user: SampleUser): Promise<void> {
  await admin.createUser(user);
}

/** Makes a pet. */
export async function loadPet(
  { pets }: SampleClients,
  pet: ReturnType<typeof samplePets>[number],
): Promise<void> {
  await pets.createPet(pet);
}

/** Makes a booking, and its review. */
export async function loadBooking(
  { bookings, reviews }: SampleClients,
  { request, review }: SampleBooking,
): Promise<void> {
  const { booking } = await bookings.createBooking(request);
  if (!review || !booking) return;
  const { requestId } = review;
  await reviews.createReview({ tenantId, requestId, review: { ...review.review, bookingId: booking.id } });
}

/**
 * Makes a vendor, takes it as far as it gets, and has it offer what it offers. What an interrupted load did is not done again.
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
