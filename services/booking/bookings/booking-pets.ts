import type { ShownUser } from '@rollcall/user-access';
import { BookingError } from '../errors.ts';
import type { NewBooking } from './booking.ts';

/** How bookings learn whose pets come along. Ids are in lower case. */
export interface BookingPets {
  /** Those of these pets that belong to one of these people, or to somebody who was merged into one of them. */
  ownedBy(
    tenantId: string,
    userIds: readonly string[],
    petIds: readonly string[],
  ): Promise<readonly string[]>;
}

/** A booking to make, and what is known of its user; undefined: it has none. */
interface BookingWithPets {
  readonly tenantId: string;
  readonly booking: NewBooking;
  readonly owner: ShownUser | undefined;
}

/** Makes sure that all pets of a booking are its user's own. Throws BookingError PET_NOT_FOUND. */
export async function requirePets(
  pets: BookingPets,
  { tenantId, booking: { userId, petIds }, owner }: BookingWithPets,
): Promise<void> {
  if (petIds.length === 0) return;
  // After a merge the same person has several ids, and pets under each of them.
  const survivor = owner && 'user' in owner ? [owner.user.id] : [];
  const userIds = userId ? [userId, ...survivor] : [];
  const owned = userIds.length > 0 ? await pets.ownedBy(tenantId, userIds, petIds) : [];
  const strange = petIds.find((id) => !owned.includes(id));
  if (strange === undefined) return;
  const whose = userId ? `user ${userId}` : 'nobody, whom the booking is of';
  throw new BookingError('PET_NOT_FOUND', `Pet ${strange} is none of ${whose}.`, {
    metadata: { tenant_id: tenantId, id: strange, user_id: userId ?? '' },
  });
}
