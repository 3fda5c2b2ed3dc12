import type { Keyring } from '@rollcall/runtime/sealing';
import type { UserRatings } from '../../users/statistics.ts';
import type { User, UserContact } from '../../users/user.ts';

/** A user of one merge. */
export interface ImagePlace {
  readonly tenantId: string;
  readonly mergeId: string;
  /** The column that keeps it. */
  readonly column: 'survivor_before' | 'loser_before';
}

/** A user in full as it is kept with a merge: sealed as a whole, because names and addresses are contact data too. */
export function sealImage(keyring: Keyring, user: User, place: ImagePlace): Buffer {
  // Statistics are of services, and stay under the id that they were told of.
  const { averageRating, totalReviews } = user;
  // Where code before looks for ratings.
  const contact = { ...user.contact, averageRating, totalReviews };
  const kept = { ...user, contact, statistics: undefined, version: String(user.version) };
  return keyring.seal(JSON.stringify(kept), toPlace(place));
}

/** The user that was kept. Throws SealingError. */
export function openImage(keyring: Keyring, image: Buffer, place: ImagePlace): User {
  return fromJson(keyring.open(image, toPlace(place)));
}

/** The same under the first key. */
export function resealImage(keyring: Keyring, image: Buffer, place: ImagePlace): Buffer {
  return keyring.seal(keyring.open(image, toPlace(place)), toPlace(place));
}

type KeptUser = User & { readonly contact: UserContact & UserRatings } & Readonly<
    Record<'version' | 'createTime' | 'updateTime', string>
  >;

function fromJson(text: string): User {
  const kept = JSON.parse(text) as KeptUser;
  const { averageRating, totalReviews, ...contact } = kept.contact;
  return {
    ...kept,
    ...{ averageRating, totalReviews, contact },
    version: BigInt(kept.version),
    createTime: new Date(kept.createTime),
    updateTime: new Date(kept.updateTime),
  };
}

function toPlace({ tenantId, mergeId, column }: ImagePlace) {
  return { tenantId, table: 'user_merges', column, rowId: mergeId };
}
