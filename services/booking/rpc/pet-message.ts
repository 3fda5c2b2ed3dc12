import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Pet as PetMessage, PetSchema } from '@rollcall/contract/booking';
import { isBlank } from '@rollcall/contract/text';
import { invalidField, requireStorable, requireUuid } from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import type { NewPet, PetTerms } from '../pets/pet.ts';
import type { ShownPet } from '../pets/shown-pet.ts';
import { dayFrom, maskedBy, requireGiven } from './request-fields.ts';

/** What CreatePet writes; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newPetFromMessage(pet: PetMessage): NewPet {
  requireGiven('pet.user_id', pet.userId);
  const terms = termsFrom(pet);
  requireTerms(terms);
  return { userId: pet.userId.toLowerCase(), ...terms };
}

/** Which pet to change, and how. Throws RpcError FIELD_INVALID. */
export function petChangesFromMessage(
  pet: PetMessage,
  paths: readonly string[],
): { id: string; changes: Partial<PetTerms> } {
  const { name, species, breed, birthDate, careNotes } = termsFrom(pet);
  const values = { name: { name }, species: { species }, breed: { breed } };
  const more = { birth_date: { birthDate }, care_notes: { careNotes } };
  const changes = maskedBy<PetTerms>(paths, { ...values, ...more });
  requireTerms(changes);
  return { id: requireUuid('pet.id', pet.id), changes };
}

function termsFrom({ name, species, breed, birthDate, careNotes }: PetMessage): PetTerms {
  for (const [field, text] of Object.entries({ name, species, breed, care_notes: careNotes }))
    requireStorable(`pet.${field}`, text);
  return { name, species, breed, birthDate: dayFrom('pet.birth_date', birthDate), careNotes };
}

function requireTerms({ name, species }: Partial<PetTerms>): void {
  if (name !== undefined && isBlank(name)) throw invalidField('pet.name', 'must be given');
  if (species !== undefined && isBlank(species)) throw invalidField('pet.species', 'must be given');
}

/** A pet with its user as it goes over the wire. */
export function toPetMessage({ pet, user }: ShownPet): PetMessage {
  const { tenantId, id, userId, name, species, breed, careNotes, createTime, updateTime } = pet;
  return create(PetSchema, {
    ...{ tenantId, id, userId, name, species, breed, careNotes },
    birthDate: pet.birthDate ?? '',
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
    ...(user && { user: toAttachedUser(user) }),
  });
}
