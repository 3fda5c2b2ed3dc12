import { create } from '@bufbuild/protobuf';
import {
  CreatePetResponseSchema,
  DeletePetResponseSchema,
  GetPetResponseSchema,
  ListPetsResponseSchema,
  type Pet as PetMessage,
  type PetService,
  UpdatePetResponseSchema,
} from '@rollcall/contract/booking';
import { type Implementation, pageFromRequest, writeRequest } from '@rollcall/runtime/rpc';
import { getPet, updatePet } from '../pets/change-pets.ts';
import { createPet } from '../pets/create-pet.ts';
import { type ListPetsPorts, listPets } from '../pets/list-pets.ts';
import { newPetFromMessage, petChangesFromMessage, toPetMessage } from './pet-message.ts';

/** The calls of PetService. */
export function petServiceImplementation(ports: ListPetsPorts): Implementation<typeof PetService> {
  return {
    async createPet({ tenantId, requestId, pet: message }, { signal }) {
      // Field rules have made sure of `pet` by the time a handler runs.
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
      return create(ListPetsResponseSchema, { pets: page.pets.map(toPetMessage), nextPageToken });
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
