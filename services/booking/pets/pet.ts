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
