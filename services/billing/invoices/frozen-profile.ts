import type { User } from '@rollcall/user-client';
import type { FrozenProfile } from './invoice.ts';

/** What an invoice keeps of a user. */
export function profileFromUser(user: User): FrozenProfile {
  const { displayName, businessName, email, phone, version } = user;
  return { displayName, businessName, email, phone, addressLines: addressLines(user), userVersion: version };
}

// As on a letter in most countries, and without a guess where a country has it otherwise: what is missing leaves no gap.
function addressLines({ profile }: User): string[] {
  const address = profile?.address;
  if (!address) return [];
  const { lines, locality, administrativeArea, postalCode, regionCode } = address;
  const town = [postalCode, locality].filter(Boolean).join(' ');
  return [...lines, town, administrativeArea, regionCode].filter(Boolean);
}
