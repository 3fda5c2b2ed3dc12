import { Buffer } from 'node:buffer';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { EntityManager, FilterQuery, MikroORM } from '@mikro-orm/postgresql';
import type { UserAliases } from '@rollcall/user-access';
import type { BookingPets } from '../bookings/booking-pets.ts';
import type { TimePosition } from '../page.ts';
import type { Pet } from '../pets/pet.ts';
import type { PetList, PetStore } from '../pets/pet-store.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';

/** Table `pets`. */
const PetEntity = defineEntity({
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
type PetRow = InferEntity<typeof PetEntity>;

/** Table `made_by_request`. */
const RequestEntity = defineEntity({
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

/** The entities of MikroORM. Bookings and reviews enqueue reports and are written by prepared statements. */
export const ENTITIES = [PetEntity, RequestEntity];

/** Creates a store on MikroORM: pets are few, and no report is enqueued for them. */
export function createPostgresPets(orm: MikroORM): PetStore {
  return {
    async find(name) {
      const row = await orm.em.fork().findOne(PetEntity, name);
      return row ? petFromRow(row) : undefined;
    },
    async list(list) {
      const orderBy = { createTime: 'desc', id: 'desc' } as const;
      const rows = await orm.em.fork().find(PetEntity, whereOf(list), { orderBy, limit: list.limit });
      return rows.map(petFromRow);
    },
    findIdByRequest: (tenantId, request) => findIdByRequest(orm.em.fork(), tenantId, request),
    insert: (pet, request) => orm.em.fork().transactional((em) => insert(em, pet, request)),
    async update({ tenantId, id }, changes, updateTime) {
      const em = orm.em.fork();
      const isThere = await em.nativeUpdate(PetEntity, { tenantId, id }, { ...changes, updateTime });
      const row = isThere ? await em.findOne(PetEntity, { tenantId, id }) : null;
      return row ? petFromRow(row) : undefined;
    },
    async remove(name) {
      await orm.em.fork().nativeDelete(PetEntity, name);
    },
  };
}

/** Creates a finder of pet owners that includes merged users. */
export function createBookingPets(orm: MikroORM, aliases: UserAliases): BookingPets {
  return {
    async ownedBy(tenantId, userIds, petIds) {
      const owners = await aliases.allIdsOf(tenantId, userIds);
      const where = { tenantId, id: { $in: [...petIds] }, userId: { $in: [...owners] } };
      const rows = await orm.em.fork().find(PetEntity, where, { fields: ['id'] });
      return rows.map(({ id }) => id);
    },
  };
}

function whereOf({ tenantId, userIds, after }: PetList): FilterQuery<PetRow> {
  return {
    tenantId,
    ...(userIds && { userId: { $in: [...userIds] } }),
    ...(after && afterPosition(after)),
  };
}

function afterPosition({ timeMs, id }: TimePosition) {
  const time = new Date(timeMs);
  // The first condition is redundant, and lets the index start at the page.
  return {
    createTime: { $lte: time },
    $or: [{ createTime: { $lt: time } }, { id: { $lt: id } }],
  };
}

async function insert(
  em: EntityManager,
  pet: Pet,
  request: WriteRequest | undefined,
): Promise<string | undefined> {
  const { tenantId, id: madeId } = pet;
  if (request) {
    const fingerprint = Buffer.from(request.fingerprint);
    const claim = { tenantId, requestId: request.id, fingerprint, madeId, createTime: pet.createTime };
    // Waits for a concurrent insert of the same request id.
    await em.createQueryBuilder(RequestEntity).insert(claim).onConflict().ignore().execute();
    const before = await findIdByRequest(em, tenantId, request);
    if (before !== madeId) return before;
  }
  await em.insert(PetEntity, pet);
  return undefined;
}

async function findIdByRequest(
  em: EntityManager,
  tenantId: string,
  request: WriteRequest,
): Promise<string | undefined> {
  const row = await em.findOne(RequestEntity, { tenantId, requestId: request.id });
  if (row) requireSameRequest(request, row.fingerprint);
  return row?.madeId;
}

function petFromRow(row: PetRow): Pet {
  const { tenantId, id, userId, name, species, breed, careNotes, createTime, updateTime } = row;
  return {
    ...{ tenantId, id, userId, name, species, breed, careNotes, createTime, updateTime },
    birthDate: row.birthDate ?? null,
  };
}
