import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Pet, PetTerms } from './pet.ts';

/** A list of pets, newest first. */
export interface PetList {
  readonly tenantId: string;
  /** Of one of these users, in lower case. Null: of all users. */
  readonly userIds: readonly string[] | null;
  readonly limit: number;
  /** Start behind this position. Absent: start at the newest. */
  readonly after?: TimePosition;
}

/** The name of a pet. The id is in lower case. */
export interface PetName {
  readonly tenantId: string;
  readonly id: string;
}

/** Stores pets. */
export interface PetStore {
  find(name: PetName): Promise<Pet | undefined>;
  list(list: PetList): Promise<Pet[]>;
  /**
   * Returns the id of the pet that this request made, which may be removed; undefined for a new request.
   * @throws BookingError REQUEST_ID_REUSED
   */
  findIdByRequest(tenantId: string, request: WriteRequest): Promise<string | undefined>;
  /**
   * Inserts a pet and its request id. Returns undefined, or the id of the pet that this request made before;
   * nothing is inserted then.
   */
  insert(pet: Pet, request: WriteRequest | undefined): Promise<string | undefined>;
  /** Changes the given fields and returns the pet, or undefined for an unknown id. */
  update(name: PetName, changes: Partial<PetTerms>, updateTime: Date): Promise<Pet | undefined>;
  /** Removes a pet. An unknown pet is no error. */
  remove(name: PetName): Promise<void>;
}
