import { create } from '@bufbuild/protobuf';
import { cleanPhone } from '@rollcall/contract/phone';
import { type User, UserSchema } from '@rollcall/contract/user';
import type { LeftOut, SourcePerson } from '../source/source-kind.ts';
import { fieldFaults } from './field-faults.ts';
import { splitName } from './person-name.ts';

/** Somebody who shall be a user. */
export interface Person {
  /** The address as addresses are compared: whoever shares it is the same person. */
  readonly emailKey: string;
  /** The user to make where there is none yet. */
  readonly user: User;
  /** Parts of the person that the user does not have. */
  readonly leftOut: readonly LeftOut<keyof SourcePerson>[];
}

// By the names that the contract gives them; and where each comes from.
const OTHER_FIELDS = {
  first_name: { field: 'firstName', part: 'name' },
  last_name: { field: 'lastName', part: 'name' },
  display_name: { field: 'displayName', part: 'name' },
  phone: { field: 'phone', part: 'phone' },
} as const;

/**
 * Makes a user of a person, or says why that cannot be: the contract's own rule decides whether the e-mail is usable. Any
 * other part that breaks its rule is left out; it stays in the booking's contact details.
 */
export function planPerson({ name, email, phone }: SourcePerson): Person | { readonly reason: string } {
  const address = email.trim();
  if (!address) return { reason: 'email is empty' };
  const user = create(UserSchema, { ...splitName(name), email: address, phone: cleanPhone(phone) });
  const faults = fieldFaults(UserSchema, user);
  const unusable = faults.find(({ field }) => field === 'email');
  if (unusable) return { reason: `email ${unusable.rule}` };
  const reasons = new Map(faults.toReversed().map(({ field, rule }) => [field, rule]));
  const leftOut = [...reasons].map(([path, rule]) => {
    const { field, part } = OTHER_FIELDS[path as keyof typeof OTHER_FIELDS];
    user[field] = '';
    return { from: part, reason: part === 'phone' ? rule : `as ${path} ${rule}` };
  });
  return { emailKey: address.toLowerCase(), user, leftOut };
}
