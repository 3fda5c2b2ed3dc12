import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** The fields that a caller sets. */
export interface PetTerms {
  readonly name: string;
  readonly species: string;
  /** Empty: not known. */
  readonly breed: string;
  /** YYYY-MM-DD. Null: not known. */
  readonly birthDate: string | null;
  readonly careNotes: string;
}

/** A pet to create. */
export interface NewPet extends PetTerms {
  /** The owner: a lower-case UUID of the user service. */
  readonly userId: string;
}

/** A pet. */
export interface Pet extends NewPet {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A pet and its owner. */
export interface PetWithUser {
  readonly pet: Pet;
  readonly user: ShownUser | undefined;
}

/** Adds owners to pets of one tenant, by one lookup. */
export async function petsWithUsers(
  users: Users,
  pets: readonly Pet[],
  signal: AbortSignal,
): Promise<PetWithUser[]> {
  const tenantId = pets[0]?.tenantId ?? '';
  const columns = { user: ({ userId }: Pet) => userId };
  const shown = await withUsers(users, pets, { tenantId, columns, signal });
  return shown.map(({ row, users: { user } }) => ({ pet: row, user }));
}

/** Adds the owner to one pet. */
export async function petWithUser(users: Users, pet: Pet, signal: AbortSignal): Promise<PetWithUser> {
  const [shown] = await petsWithUsers(users, [pet], signal);
  return shown ?? { pet, user: undefined };
}
