import { create } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import type { SourcePerson } from '../source/source-kind.ts';
import { fieldFaults } from './field-faults.ts';
import { splitName } from './person-name.ts';

/** Somebody who shall be a user. */
export interface Person {
  /** The address as addresses are compared: whoever shares it is the same person. */
  readonly emailKey: string;
  /** The user to make where there is none yet. */
  readonly user: User;
}

// By the names that the contract gives them.
const OTHER_FIELDS = {
  first_name: 'firstName',
  last_name: 'lastName',
  display_name: 'displayName',
  phone: 'phone',
} as const;

/**
 * Makes a user of a person, or says why that cannot be: the contract's own rule decides whether the e-mail is usable. Any
 * other part that breaks its rule is left out; it stays in the booking's contact details.
 */
export function planPerson({ name, email, phone }: SourcePerson): Person | { readonly reason: string } {
  const address = email.trim();
  if (!address) return { reason: 'email is empty' };
  const user = create(UserSchema, { ...splitName(name), email: address, phone: phone.trim() });
  const faults = fieldFaults(UserSchema, user);
  const unusable = faults.find(({ field }) => field === 'email');
  if (unusable) return { reason: `email ${unusable.rule}` };
  for (const { field } of faults) user[OTHER_FIELDS[field as keyof typeof OTHER_FIELDS]] = '';
  return { emailKey: address.toLowerCase(), user };
}
