import type { Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import type { PetTerms } from './pet.ts';
import type { PetName, PetStore } from './pet-store.ts';
import { type ShownPet, showPet } from './shown-pet.ts';

/** What reading and changing pets works with. */
export interface PetPorts {
  readonly pets: PetStore;
  readonly users: Users;
}

/** One pet and whose it is. Throws BookingError PET_NOT_FOUND. */
export async function getPet(
  { pets, users }: PetPorts,
  name: PetName,
  signal: AbortSignal,
): Promise<ShownPet> {
  const pet = await pets.find(name);
  if (!pet) throw notFound('pet', name);
  return showPet(users, pet, signal);
}

/** Changes what is given of a pet. Throws BookingError PET_NOT_FOUND. */
export async function updatePet(
  { pets, users }: PetPorts,
  { changes, ...name }: PetName & { readonly changes: Partial<PetTerms> },
  signal: AbortSignal,
): Promise<ShownPet> {
  const pet = await pets.update(name, changes, new Date());
  if (!pet) throw notFound('pet', name);
  return showPet(users, pet, signal);
}
