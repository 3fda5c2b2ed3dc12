import type { UserAliases, Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type TimePosition } from '../page.ts';
import { type PetWithUser, petsWithUsers, petWithUser } from './pet.ts';
import type { PetList, PetName, PetStore } from './pet-store.ts';

/**
 * Returns a pet with its owner.
 * @throws BookingError PET_NOT_FOUND
 */
export async function getPet(
  { pets, users }: Omit<ListPetsPorts, 'aliases'>,
  name: PetName,
  signal: AbortSignal,
): Promise<PetWithUser> {
  const pet = await pets.find(name);
  if (!pet) throw notFound('pet', name);
  return petWithUser(users, pet, signal);
}

export interface ListPetsPorts {
  readonly pets: PetStore;
  readonly users: Users;
  readonly aliases: UserAliases;
}

interface ListPetsQuery extends Omit<PetList, 'userIds'> {
  /** Null: of all users. */
  readonly userId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
interface PetPage {
  readonly pets: readonly PetWithUser[];
  /** Position of the last row. Absent: this is the last page. */
  readonly next?: TimePosition;
}

/**
 * Returns a page of pets with their owners, newest first. The pets of merged users count as those of the
 * survivor.
 */
export async function listPets(
  { pets, users, aliases }: ListPetsPorts,
  { userId, signal, ...list }: ListPetsQuery,
): Promise<PetPage> {
  const userIds = userId ? await aliases.allIdsOf(list.tenantId, [userId]) : null;
  // One row more than the limit shows whether a next page exists.
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
