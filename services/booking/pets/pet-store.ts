import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Pet, PetTerms } from './pet.ts';

/** Which pets to list: newest first. */
export interface PetList {
  readonly tenantId: string;
  /** Only those of one of these users, in lower case; null: of everybody. */
  readonly userIds: readonly string[] | null;
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: TimePosition;
}

/** Names a pet; the id in lower case. */
export interface PetName {
  readonly tenantId: string;
  readonly id: string;
}

/** How pets are kept. */
export interface PetStore {
  find(name: PetName): Promise<Pet | undefined>;
  list(list: PetList): Promise<Pet[]>;
  /** The id of what this request made before, which may be gone; undefined: it is new. Throws BookingError REQUEST_ID_REUSED. */
  findIdByRequest(tenantId: string, request: WriteRequest): Promise<string | undefined>;
  /** Adds a pet as the work of `request`. Where that came before nothing is added, and answered is what `findIdByRequest` says. */
  insert(pet: Pet, request: WriteRequest | undefined): Promise<string | undefined>;
  /** Changes what is given, and answers the pet as it is then. Undefined: there is none. */
  update(name: PetName, changes: Partial<PetTerms>, updateTime: Date): Promise<Pet | undefined>;
  /** Removes a pet, if it is there. */
  remove(name: PetName): Promise<void>;
}
