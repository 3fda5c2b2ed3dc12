import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** What may be said of a pet, and changed. */
export interface PetTerms {
  readonly name: string;
  readonly species: string;
  /** Empty: not known. */
  readonly breed: string;
  /** YYYY-MM-DD; null: not known. */
  readonly birthDate: string | null;
  readonly careNotes: string;
}

/** A pet to add. */
export interface NewPet extends PetTerms {
  /** Whose it is: a lower-case UUID of the user service. */
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

/** A pet and whose it is. */
export interface PetWithUser {
  readonly pet: Pet;
  readonly user: ShownUser | undefined;
}

/** Puts users beside pets of one tenant, all of them by one lookup. */
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

/** The same for one pet. */
export async function petWithUser(users: Users, pet: Pet, signal: AbortSignal): Promise<PetWithUser> {
  const [shown] = await petsWithUsers(users, [pet], signal);
  return shown ?? { pet, user: undefined };
}
