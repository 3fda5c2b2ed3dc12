import type { ShownUser } from '@rollcall/user-access';
import { BookingError } from '../errors.ts';
import type { NewBooking } from './booking.ts';

/** Finds the owners of pets. Ids are in lower case. */
export interface BookingPets {
  /**
   * Returns those of the pets that belong to one of these users, or to a user who was merged into one of
   * them.
   */
  ownedBy(
    tenantId: string,
    userIds: readonly string[],
    petIds: readonly string[],
  ): Promise<readonly string[]>;
}

interface BookingWithPets {
  readonly tenantId: string;
  readonly booking: NewBooking;
  readonly owner: ShownUser | undefined;
}

/**
 * Requires that all pets of a booking belong to its user.
 * @throws BookingError PET_NOT_FOUND
 */
export async function requirePets(
  pets: BookingPets,
  { tenantId, booking: { userId, petIds }, owner }: BookingWithPets,
): Promise<void> {
  if (petIds.length === 0) return;
  // A merged user may have pets under each of its ids.
  const survivor = owner && 'user' in owner ? [owner.user.id] : [];
  const userIds = userId ? [userId, ...survivor] : [];
  const owned = userIds.length > 0 ? await pets.ownedBy(tenantId, userIds, petIds) : [];
  const foreignPet = petIds.find((id) => !owned.includes(id));
  if (foreignPet === undefined) return;
  const message = userId
    ? `Pet ${foreignPet} does not belong to user ${userId}.`
    : `The booking has no user who could own pet ${foreignPet}.`;
  throw new BookingError('PET_NOT_FOUND', message, {
    metadata: { tenant_id: tenantId, id: foreignPet, user_id: userId ?? '' },
  });
}
