import type { ShownUser, UserAliases, Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { notFound } from '../errors.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type Page } from '../page.ts';
import { requireActiveUsers } from '../require-active-users.ts';
import type { WriteRequest } from '../write-request.ts';
import { type NewPet, type PetTerms, type PetWithUser, petsWithUsers, petWithUser } from './pet.ts';
import type { PetList, PetName, PetStore } from './pet-store.ts';

/** The stores and lookups of the commands. */
export interface PetPorts {
  readonly pets: PetStore;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/**
 * Returns a pet with its owner.
 * @throws BookingError PET_NOT_FOUND
 */
export async function getPet(
  { pets, users }: PetPorts,
  name: PetName,
  signal: AbortSignal,
): Promise<PetWithUser> {
  const pet = await pets.find(name);
  if (!pet) throw notFound('pet', name);
  return petWithUser(users, pet, signal);
}

interface ListPetsQuery extends Omit<PetList, 'userIds'> {
  /** Null: of all users. */
  readonly userId: string | null;
  readonly signal: AbortSignal;
}

/**
 * Returns a page of pets with their owners, newest first. The pets of merged users count as those of the
 * survivor.
 */
export async function listPets(
  { pets, users, aliases }: PetPorts,
  { userId, signal, ...list }: ListPetsQuery,
): Promise<Page<PetWithUser>> {
  const userIds = userId ? await aliases.allIdsOf(list.tenantId, [userId]) : null;
  // One row more than the limit shows whether a next page exists.
  const found = await pets.list({ ...list, userIds, limit: list.limit + 1 });
  const rows = limitBySize(await petsWithUsers(users, found.slice(0, list.limit), signal), maxPetBytes);
  const last = rows.at(-1)?.pet;
  if (found.length <= rows.length || !last) return { rows };
  return { rows, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function maxPetBytes({ pet, user }: PetWithUser): number {
  const { name, species, breed, careNotes } = pet;
  return maxTextBytes(name, species, breed, careNotes) + maxUserBytes(user);
}

interface CreatePetCommand {
  readonly tenantId: string;
  readonly pet: NewPet;
  /** Absent: a repeated call creates another pet. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

interface CreatedPet extends PetWithUser {
  /** An earlier call with the same request id created it. */
  readonly replayed: boolean;
}

/**
 * Creates a pet of an active user, once per request id.
 * @throws BookingError REQUEST_ID_REUSED, USER_NOT_BOOKABLE, USER_UNKNOWN_NOW; PET_NOT_FOUND when the pet of
 * a repeated request is removed
 */
export async function createPet({ pets, users }: PetPorts, command: CreatePetCommand): Promise<CreatedPet> {
  const { tenantId, pet, request, signal } = command;
  const replayOf = async (id: string) => {
    const made = await pets.find({ tenantId, id });
    if (!made) throw notFound('pet', { tenantId, id });
    return { ...(await petWithUser(users, made, signal)), replayed: true };
  };
  // Before the check of the user: a finished request stays finished.
  const before = request && (await pets.findIdByRequest(tenantId, request));
  if (before !== undefined) return replayOf(before);
  const known = await requireActiveUsers(users, { tenantId, userIds: [pet.userId], signal });
  const now = new Date();
  const made = { ...pet, tenantId, id: uuidv7(), createTime: now, updateTime: now };
  const meanwhile = await pets.insert(made, request);
  if (meanwhile !== undefined) return replayOf(meanwhile);
  return { pet: made, user: known.get(pet.userId) as ShownUser, replayed: false };
}

/**
 * Changes the given fields of a pet.
 * @throws BookingError PET_NOT_FOUND
 */
export async function updatePet(
  { pets, users }: PetPorts,
  { changes, ...name }: PetName & { readonly changes: Partial<PetTerms> },
  signal: AbortSignal,
): Promise<PetWithUser> {
  const pet = await pets.update(name, changes, new Date());
  if (!pet) throw notFound('pet', name);
  return petWithUser(users, pet, signal);
}
