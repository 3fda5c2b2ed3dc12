import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  CreatePetResponseSchema,
  DeletePetResponseSchema,
  GetPetResponseSchema,
  ListPetsResponseSchema,
  type Pet as PetMessage,
  PetSchema,
  type PetService,
  UpdatePetResponseSchema,
} from '@rollcall/contract/booking';
import { isBlank } from '@rollcall/contract/text';
import {
  type Implementation,
  invalidField,
  pageFromRequest,
  requireStorable,
  requireUuid,
  writeRequest,
} from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import type { NewPet, PetTerms, PetWithUser } from '../pets/pet.ts';
import { createPet, getPet, listPets, type PetPorts, updatePet } from '../pets/pet-commands.ts';
import { dayFromText, pickMasked, requirePresent } from './request-fields.ts';

/** Implements PetService. */
export function petServiceImplementation(ports: PetPorts): Implementation<typeof PetService> {
  return {
    async createPet({ tenantId, requestId, pet: message }, { signal }) {
      // Field rules guarantee `pet`.
      const pet = newPetFromMessage(message as PetMessage);
      const request = writeRequest(requestId, { method: 'CreatePet', ...pet });
      const created = await createPet(ports, { tenantId, pet, signal, ...request });
      return create(CreatePetResponseSchema, { pet: toPetMessage(created), replayed: created.replayed });
    },
    async getPet({ tenantId, id }, { signal }) {
      const pet = await getPet(ports, { tenantId, id: id.toLowerCase() }, signal);
      return create(GetPetResponseSchema, { pet: toPetMessage(pet) });
    },
    async listPets(request, { signal }) {
      const userId = request.userId.toLowerCase() || null;
      const { page: list, tokens } = pageFromRequest(request, ['ListPets', { userId }]);
      const page = await listPets(ports, { ...list, userId, signal });
      const nextPageToken = page.next ? tokens.write(page.next) : '';
      return create(ListPetsResponseSchema, { pets: page.rows.map(toPetMessage), nextPageToken });
    },
    async updatePet({ tenantId, pet: message, updateMask }, { signal }) {
      const { id, changes } = petChangesFromMessage(message as PetMessage, updateMask?.paths ?? []);
      const pet = await updatePet(ports, { tenantId, id, changes }, signal);
      return create(UpdatePetResponseSchema, { pet: toPetMessage(pet) });
    },
    async deletePet({ tenantId, id }) {
      await ports.pets.remove({ tenantId, id: id.toLowerCase() });
      return create(DeletePetResponseSchema);
    },
  };
}

/**
 * Reads the pet of CreatePet, without output-only fields.
 * @throws RpcError FIELD_INVALID
 */
function newPetFromMessage(pet: PetMessage): NewPet {
  requirePresent('pet.user_id', pet.userId);
  const terms = termsFrom(pet);
  requireTerms(terms);
  return { userId: pet.userId.toLowerCase(), ...terms };
}

/**
 * Reads the id and the changes of UpdatePet.
 * @throws RpcError FIELD_INVALID
 */
function petChangesFromMessage(
  pet: PetMessage,
  paths: readonly string[],
): { id: string; changes: Partial<PetTerms> } {
  const { name, species, breed, birthDate, careNotes } = termsFrom(pet);
  const values = { name: { name }, species: { species }, breed: { breed } };
  const more = { birth_date: { birthDate }, care_notes: { careNotes } };
  const changes = pickMasked<PetTerms>(paths, { ...values, ...more });
  requireTerms(changes);
  return { id: requireUuid('pet.id', pet.id), changes };
}

function termsFrom({ name, species, breed, birthDate, careNotes }: PetMessage): PetTerms {
  for (const [field, text] of Object.entries({ name, species, breed, care_notes: careNotes }))
    requireStorable(`pet.${field}`, text);
  return { name, species, breed, birthDate: dayFromText('pet.birth_date', birthDate), careNotes };
}

function requireTerms({ name, species }: Partial<PetTerms>): void {
  if (name !== undefined && isBlank(name)) throw invalidField('pet.name', 'must be given');
  if (species !== undefined && isBlank(species)) throw invalidField('pet.species', 'must be given');
}

function toPetMessage({ pet, user }: PetWithUser): PetMessage {
  const { tenantId, id, userId, name, species, breed, careNotes, createTime, updateTime } = pet;
  return create(PetSchema, {
    ...{ tenantId, id, userId, name, species, breed, careNotes },
    birthDate: pet.birthDate ?? '',
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
    ...(user && { user: toAttachedUser(user) }),
  });
}
