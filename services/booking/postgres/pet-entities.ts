import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Table `pets`. */
export const PetEntity = defineEntity({
  name: 'PetEntity',
  tableName: 'pets',
  properties: {
    tenantId: p.text().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    name: p.text(),
    species: p.text(),
    breed: p.text(),
    birthDate: p.date().nullable(),
    careNotes: p.text(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
  },
});

/** A row of `pets`. */
export type PetRow = InferEntity<typeof PetEntity>;

/** Table `made_by_request`. */
export const RequestEntity = defineEntity({
  name: 'RequestEntity',
  tableName: 'made_by_request',
  properties: {
    tenantId: p.text().primary(),
    requestId: p.uuid().primary(),
    fingerprint: p.blob(),
    madeId: p.uuid(),
    createTime: p.datetime(3),
  },
});

/** Every table that the mapper reads and writes. Bookings and reviews, which tell of themselves, are written by statements. */
export const ENTITIES = [PetEntity, RequestEntity];
