import type { UserAliases, Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type TimePosition } from '../page.ts';
import { type PetWithUser, petsWithUsers, petWithUser } from './pet.ts';
import type { PetList, PetName, PetStore } from './pet-store.ts';

/** One pet and whose it is. Throws BookingError PET_NOT_FOUND. */
export async function getPet(
  { pets, users }: Omit<ListPetsPorts, 'aliases'>,
  name: PetName,
  signal: AbortSignal,
): Promise<PetWithUser> {
  const pet = await pets.find(name);
  if (!pet) throw notFound('pet', name);
  return petWithUser(users, pet, signal);
}

/** What ListPets works with. */
export interface ListPetsPorts {
  readonly pets: PetStore;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/** Which pets. */
interface ListPetsQuery extends Omit<PetList, 'userIds'> {
  /** Null: of everybody. */
  readonly userId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
interface PetPage {
  readonly pets: readonly PetWithUser[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: TimePosition;
}

/** One page of pets with their users, newest first. Those of users who were merged into the one asked for are among them. */
export async function listPets(
  { pets, users, aliases }: ListPetsPorts,
  { userId, signal, ...list }: ListPetsQuery,
): Promise<PetPage> {
  const userIds = userId ? await aliases.allIdsOf(list.tenantId, [userId]) : null;
  // One more than asked for tells whether there is a next page.
  const found = await pets.list({ ...list, userIds, limit: list.limit + 1 });
  const shown = limitBySize(await petsWithUsers(users, found.slice(0, list.limit), signal), maxPetBytes);
  const last = shown.at(-1)?.pet;
  if (found.length <= shown.length || !last) return { pets: shown };
  return { pets: shown, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function maxPetBytes({ pet, user }: PetWithUser): number {
  const { name, species, breed, careNotes } = pet;
  return maxTextBytes(name, species, breed, careNotes) + maxUserBytes(user);
}
