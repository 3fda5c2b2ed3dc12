import type { UserAliases, Users } from '@rollcall/user-access';
import { mostTextBytes, mostUserBytes, takeFitting } from '../page.ts';
import type { TimePosition } from '../time-position.ts';
import type { PetList, PetStore } from './pet-store.ts';
import { type ShownPet, showPets } from './shown-pet.ts';

/** What ListPets works with. */
export interface ListPetsPorts {
  readonly pets: PetStore;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/** Which pets. */
export interface ListPetsQuery extends Omit<PetList, 'userIds'> {
  /** Null: of everybody. */
  readonly userId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
export interface PetPage {
  readonly pets: readonly ShownPet[];
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
  const shown = takeFitting(await showPets(users, found.slice(0, list.limit), signal), mostPetBytes);
  const last = shown.at(-1)?.pet;
  if (found.length <= shown.length || !last) return { pets: shown };
  return { pets: shown, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function mostPetBytes({ pet, user }: ShownPet): number {
  const { name, species, breed, careNotes } = pet;
  return mostTextBytes(name, species, breed, careNotes) + mostUserBytes(user);
}
