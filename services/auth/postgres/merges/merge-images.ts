import type { Keyring } from '@rollcall/runtime/sealing';
import type { UserRatings } from '../../users/statistics.ts';
import type { User, UserContact } from '../../users/user.ts';

/** The row and column that keep the image of one user. */
export interface ImagePlace {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly column: 'survivor_before' | 'loser_before';
}

/**
 * Seals a full user as it was before a merge. The image is sealed as a whole, because names and addresses are
 * contact data.
 */
export function sealImage(keyring: Keyring, user: User, place: ImagePlace): Buffer {
  // Statistics belong to the services that reported them and stay under the id that they were reported for.
  const { averageRating, totalReviews } = user;
  // Earlier code reads ratings from the contact.
  const contact = { ...user.contact, averageRating, totalReviews };
  const kept = { ...user, contact, statistics: undefined, version: String(user.version) };
  return keyring.seal(JSON.stringify(kept), toPlace(place));
}

/**
 * Opens an image.
 * @throws SealingError when the key is unknown or the image was altered or moved.
 */
export function openImage(keyring: Keyring, image: Buffer, place: ImagePlace): User {
  return fromJson(keyring.open(image, toPlace(place)));
}

/** Seals an image again with the current key. */
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
