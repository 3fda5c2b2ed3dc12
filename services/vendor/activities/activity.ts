/** Whether an activity can be booked. */
export type ActivityState = 'DRAFT' | 'PUBLISHED' | 'ARCHIVED';

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** What a caller chooses of an activity. */
export interface ActivityTerms {
  /** Never empty. */
  readonly title: string;
  readonly description: string;
  /** Not below 0; null: it says so when asked. */
  readonly price: Money | null;
  /** 0: not fixed. */
  readonly durationMinutes: number;
  /** How many can take part at once; 0: not limited. */
  readonly capacity: number;
  readonly state: ActivityState;
}

/** Something that a vendor offers. */
export interface Activity extends ActivityTerms {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly vendorId: string;
  /** The vendor's user: a lower-case UUID of the user service. */
  readonly userId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}
