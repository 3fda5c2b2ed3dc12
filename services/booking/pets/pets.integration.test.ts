import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PetSchema } from '@rollcall/contract/booking';
import { AttachedUserOutcome, UserState } from '@rollcall/contract/user';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookingUnderTest, newUserId, startBooking } from '../testing/start-booking.ts';

const tenantId = 'acme';
let booking: BookingUnderTest;

beforeAll(async () => {
  booking = await startBooking();
});

afterAll(() => booking[Symbol.asyncDispose]());

function knownUser(tenant = tenantId): string {
  const id = newUserId();
  booking.users.put(tenant, id, { displayName: 'Ana' });
  return id;
}

async function add(init: MessageInitShape<typeof PetSchema> = {}, requestId = '') {
  const pet = { userId: knownUser(), name: 'Rex', species: 'dog', ...init };
  return booking.pets.createPet({ tenantId, requestId, pet });
}

async function addedPet(init: MessageInitShape<typeof PetSchema> = {}) {
  const { pet } = await add(init);
  if (!pet) throw new Error('no pet came back');
  return pet;
}

describe('a pet', () => {
  it('is returned as it was created, with its owner', async () => {
    const userId = knownUser();
    const { pet, replayed } = await add({
      userId: userId.toUpperCase(),
      breed: 'Collie',
      birthDate: '2020-02-29',
      careNotes: 'Bites. Zürich – "quoted"',
      id: randomUUID(),
      tenantId: 'other',
    });
    expect(replayed).toBe(false);
    expect(pet).toMatchObject({ tenantId, userId, name: 'Rex', species: 'dog', breed: 'Collie' });
    expect(pet).toMatchObject({ birthDate: '2020-02-29', careNotes: 'Bites. Zürich – "quoted"' });
    expect(pet?.user).toMatchObject({ id: userId, outcome: AttachedUserOutcome.FOUND, stale: false });
    expect(pet?.user?.user?.displayName).toBe('Ana');
    const id = pet?.id.toUpperCase() ?? '';
    expect((await booking.pets.getPet({ tenantId, id })).pet).toEqual(pet);
  });

  it('is changed in the fields of the mask only', async () => {
    const pet = await addedPet({ breed: 'Collie', careNotes: 'Bites.' });
    const change = { id: pet.id, name: 'Max', breed: '', birthDate: '2021-01-01', careNotes: 'ignored' };
    const paths = ['name', 'breed', 'birth_date'];
    const { pet: after } = await booking.pets.updatePet({ tenantId, pet: change, updateMask: { paths } });
    const { updateTime: before, ...rest } = pet;
    expect(after).toMatchObject({ ...rest, name: 'Max', breed: '', birthDate: '2021-01-01' });
    expect((await booking.pets.getPet({ tenantId, id: pet.id })).pet).toEqual(after);
    expect(before).toBeDefined();
  });

  it('is gone after it was removed, and may be removed again', async () => {
    const { id } = await addedPet();
    await booking.pets.deletePet({ tenantId, id });
    await booking.pets.deletePet({ tenantId, id });
    for (const call of [
      booking.pets.getPet({ tenantId, id }),
      booking.pets.updatePet({ tenantId, pet: { id, name: 'Max' }, updateMask: { paths: ['name'] } }),
    ])
      expect(await faultOf(call)).toMatchObject({
        code: 'NotFound',
        reason: 'PET_NOT_FOUND',
        metadata: { id },
      });
  });

  it('is unknown in another tenant', async () => {
    const { id } = await addedPet();
    expect(await faultOf(booking.pets.getPet({ tenantId: 'other', id }))).toMatchObject({
      reason: 'PET_NOT_FOUND',
    });
    await booking.pets.deletePet({ tenantId: 'other', id });
    expect((await booking.pets.getPet({ tenantId, id })).pet?.id).toBe(id);
  });

  it.each([
    ['missing', undefined],
    ['suspended', UserState.SUSPENDED],
    ['deleted', UserState.DELETED],
  ])('is not created for a user who is %s', async (why, state) => {
    const userId = newUserId();
    if (state !== undefined) booking.users.put(tenantId, userId, { state });
    expect(await faultOf(add({ userId }))).toMatchObject({ reason: 'USER_NOT_BOOKABLE', metadata: { why } });
  });

  it.each<[string, MessageInitShape<typeof PetSchema>]>([
    ['pet.user_id', { userId: '' }],
    ['pet.user_id', { userId: 'nobody' }],
    ['pet.name', { name: '' }],
    ['pet.name', { name: 'x'.repeat(101) }],
    ['pet.name', { name: 'a\0b' }],
    ['pet.species', { species: '' }],
    ['pet.species', { species: 'x'.repeat(61) }],
    ['pet.breed', { breed: 'x'.repeat(101) }],
    ['pet.birth_date', { birthDate: '2026-02-30' }],
    ['pet.birth_date', { birthDate: 'yesterday' }],
    ['pet.care_notes', { careNotes: 'x'.repeat(2001) }],
    ['pet.care_notes', { careNotes: 'a\0b' }],
  ])('is refused for its %s: %o', async (field, init) => {
    const fault = await faultOf(add(init));
    expect(fault).toMatchObject({ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] });
  });

  it.each([
    [[], {}],
    [['user_id'], { userId: newUserId() }],
    [['name', 'tenant_id'], { name: 'Max' }],
    [['constructor'], {}],
  ])('is not changed by the mask %j', async (paths, change) => {
    const { id } = await addedPet();
    const call = booking.pets.updatePet({ tenantId, pet: { id, ...change }, updateMask: { paths } });
    expect(await faultOf(call)).toMatchObject({ reason: 'FIELD_INVALID', fields: ['update_mask'] });
  });

  it.each([
    ['pet.name', 'name', { name: '' }],
    ['pet.species', 'species', { species: '' }],
    ['pet.birth_date', 'birth_date', { birthDate: '2026-02-30' }],
  ])('keeps its %s when the new value is invalid', async (field, path, change) => {
    const { id } = await addedPet();
    const updateMask = { paths: [path] };
    const call = booking.pets.updatePet({ tenantId, pet: { id, ...change }, updateMask });
    expect(await faultOf(call)).toMatchObject({ reason: 'FIELD_INVALID', fields: [field] });
  });
});

describe('a request id', () => {
  it('creates one pet of twenty equal concurrent calls', async () => {
    const [requestId, userId] = [randomUUID(), knownUser()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => add({ userId }, requestId)));
    expect(new Set(answers.map(({ pet }) => pet?.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await booking.sql('select 1 from pets where user_id = $1', [userId])).toHaveLength(1);
  });

  it('returns its pet in the current state, and is refused for other content', async () => {
    const [requestId, userId] = [randomUUID(), knownUser()];
    const { pet } = await add({ userId }, requestId);
    const change = { id: pet?.id ?? '', name: 'Max' };
    await booking.pets.updatePet({ tenantId, pet: change, updateMask: { paths: ['name'] } });
    booking.users.put(tenantId, userId, { state: UserState.SUSPENDED, version: 2n });
    expect(await add({ userId }, requestId)).toMatchObject({ replayed: true, pet: { name: 'Max' } });
    expect(await faultOf(add({ userId, name: 'Other' }, requestId))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('does not create a removed pet again', async () => {
    const [requestId, userId] = [randomUUID(), knownUser()];
    const { pet } = await add({ userId }, requestId);
    await booking.pets.deletePet({ tenantId, id: pet?.id ?? '' });
    expect(await faultOf(add({ userId }, requestId))).toMatchObject({ reason: 'PET_NOT_FOUND' });
    expect(await booking.sql('select 1 from pets where user_id = $1', [userId])).toEqual([]);
  });
});

describe('ListPets', () => {
  it('pages through the pets of a tenant or a user, newest first, while others are added', async () => {
    const tenant = 'paging';
    const [one, other] = [knownUser(tenant), knownUser(tenant)];
    const make = async (userId: string) => {
      const pet = { userId, name: 'Rex', species: 'dog' };
      return (await booking.pets.createPet({ tenantId: tenant, pet })).pet?.id ?? '';
    };
    const made: string[] = [];
    for (const userId of [one, other, one, other, one]) made.unshift(await make(userId));
    const first = await booking.pets.listPets({ tenantId: tenant, pageSize: 2 });
    await make(one);
    const seen = [...first.pets];
    for (let pageToken = first.nextPageToken; pageToken; ) {
      const page = await booking.pets.listPets({ tenantId: tenant, pageSize: 2, pageToken });
      seen.push(...page.pets);
      pageToken = page.nextPageToken;
    }
    expect(seen.map(({ id }) => id)).toEqual(made);
    const own = await booking.pets.listPets({ tenantId: tenant, userId: other.toUpperCase() });
    expect(own.pets.map(({ userId }) => userId)).toEqual([other, other]);
    const { nextPageToken: pageToken } = first;
    const fault = await faultOf(booking.pets.listPets({ tenantId: tenant, userId: one, pageToken }));
    expect(fault).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });

  it('shortens a page that one response cannot hold', async () => {
    const tenant = 'large';
    const userId = knownUser(tenant);
    await booking.sql(
      `insert into pets (tenant_id, id, user_id, name, species, breed, care_notes, create_time, update_time)
        select $1, gen_random_uuid(), $2, 'Rex', 'dog', '', repeat('–', 2000), now(), now()
        from generate_series(1, 500)`,
      [tenant, userId],
    );
    const page = await booking.pets.listPets({ tenantId: tenant, pageSize: 500 });
    expect(page.pets.length).toBeLessThan(500);
    const rest = await booking.pets.listPets({
      tenantId: tenant,
      pageSize: 500,
      pageToken: page.nextPageToken,
    });
    expect(new Set([...page.pets, ...rest.pets].map(({ id }) => id)).size).toBe(500);
  });
});

describe('the pets of a booking', () => {
  it('keep their order, and their ids after they are removed', async () => {
    const userId = knownUser();
    const ids = [(await addedPet({ userId })).id, (await addedPet({ userId, name: 'Max' })).id].reverse();
    const { id, petIds } = await booking.book({ userId, petIds: ids.map((each) => each.toUpperCase()) });
    expect(petIds).toEqual(ids);
    await booking.pets.deletePet({ tenantId, id: ids[0] ?? '' });
    expect((await booking.client.getBooking({ tenantId, id })).booking?.petIds).toEqual(ids);
    expect((await booking.client.listBookings({ tenantId, userId })).bookings[0]?.petIds).toEqual(ids);
  });

  it('are refused when another user owns one, when it is unknown, and when the booking has no user', async () => {
    const [userId, { id: strange }] = [knownUser(), await addedPet()];
    const own = (await addedPet({ userId })).id;
    for (const init of [
      { userId, petIds: [own, strange] },
      { userId, petIds: [randomUUID()] },
      { petIds: [own] },
    ])
      expect(await faultOf(booking.book(init))).toMatchObject({ code: 'NotFound', reason: 'PET_NOT_FOUND' });
  });

  it('may be those of a user who was merged into the booking’s', async () => {
    const [loser, survivor] = [knownUser(), knownUser()];
    const { id } = await addedPet({ userId: survivor });
    booking.users.merge(tenantId, loser, survivor);
    booking.age(60_000);
    expect((await booking.book({ userId: loser, petIds: [id] })).petIds).toEqual([id]);
  });

  it.each([
    ['more than twenty', Array.from({ length: 21 }, () => randomUUID())],
    ['one that is no id', ['rex']],
  ])('are not %s', async (_what, petIds) => {
    const fault = await faultOf(booking.book({ userId: knownUser(), petIds }));
    expect(fault).toMatchObject({ reason: 'FIELD_INVALID' });
  });
});
