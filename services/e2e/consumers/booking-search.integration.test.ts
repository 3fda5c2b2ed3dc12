import type { Booking } from '@rollcall/contract/booking';
import { freshTenant } from '@rollcall/contract/testing';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthAndBooking, startAuthAndBooking } from '../testing/auth-and-booking.ts';

let services: AuthAndBooking;
let tenantId: string;

beforeAll(async () => {
  services = await startAuthAndBooking();
});

afterAll(() => services[Symbol.asyncDispose]());

beforeEach(() => {
  tenantId = freshTenant();
});

async function addUser(firstName: string, lastName: string, email = ''): Promise<string> {
  const user = { firstName, lastName, ...(email && { email }) };
  const created = await services.admin.createUser({ tenantId, user });
  return created.user?.id ?? '';
}

async function book(userId: string, startDate = '2026-05-01'): Promise<string> {
  const booking = { userId, startDate, endDate: '2026-12-31' };
  const created = await services.bookings.createBooking({ tenantId, booking });
  return created.booking?.id ?? '';
}

async function list(userQuery: string, more: { orderBy?: string; pageSize?: number; userId?: string } = {}) {
  const all: Booking[] = [];
  for (let pageToken = ''; ; ) {
    const page = await services.bookings.listBookings({ tenantId, userQuery, pageToken, ...more });
    all.push(...page.bookings);
    if (page.nextPageToken === '') return all;
    pageToken = page.nextPageToken;
  }
}

// Tenants that have their first row are noticed within some seconds.
const PATIENT = { timeout: 18_000, interval: 100 };

const idsOf = (bookings: readonly Booking[]) => bookings.map(({ id }) => id);

describe('bookings of users who are found by words', () => {
  it('are those of all who are called so, in the order asked for, page by page', async () => {
    const [ana, anabel, bo] = [
      await addUser('Ana', 'Silva'),
      await addUser('Anabel', 'Costa'),
      await addUser('Bo', 'Silva'),
    ];
    const made: Record<string, string> = {};
    for (const [name, userId, day] of [
      ['a1', ana, '2026-05-03'],
      ['b1', bo, '2026-05-01'],
      ['c1', anabel, '2026-05-02'],
      ['a2', ana, '2026-05-01'],
    ] as const)
      made[name] = await book(userId, day);
    const ofNames = (...names: string[]) => names.map((name) => made[name]);
    expect(idsOf(await list('ana', { pageSize: 1 }))).toEqual(ofNames('a2', 'c1', 'a1'));
    expect(idsOf(await list('ana', { pageSize: 2, orderBy: 'start_date' }))).toEqual(
      ofNames('a2', 'c1', 'a1'),
    );
    expect(idsOf(await list('Silva', { orderBy: 'create_time' }))).toEqual(ofNames('a1', 'b1', 'a2'));
    expect(idsOf(await list('bo silva'))).toEqual(ofNames('b1'));
    expect(idsOf(await list('silva', { userId: bo }))).toEqual(ofNames('b1'));
    expect(await list('bo', { userId: ana })).toEqual([]);
    expect(await list('nobody at all')).toEqual([]);
    const [first] = await list('Anabel');
    expect(first?.user?.user).toMatchObject({ id: anabel, displayName: expect.stringContaining('Anabel') });
  });

  it('are found by the address that their user has now, of which nothing is kept here', async () => {
    const email = `${tenantId}@example.com`;
    const userId = await addUser('Cy', 'Lima', email);
    const id = await book(userId);
    expect(idsOf(await list(email.toUpperCase()))).toEqual([id]);
    const { user } = await services.admin.updateUser({
      tenantId,
      user: { id: userId, email: `new-${email}` },
      updateMask: { paths: ['email'] },
    });
    expect(user?.id).toBe(userId);
    expect(await list(email)).toEqual([]);
    expect(idsOf(await list(`new-${email}`))).toEqual([id]);
    const dump = JSON.stringify(await services.sql('select b::text from bookings b'));
    expect(dump).not.toContain('example.com');
  });

  it('are those of users merged into who is found as well, and no more once the merge is taken back', async () => {
    const [survivorId, loserId] = [await addUser('Gil', 'Moura'), await addUser('Zelda', 'Nunes')];
    const pet = { userId: loserId, name: 'Rex', species: 'dog' };
    await services.pets.createPet({ tenantId, pet });
    const [before, after] = [await book(loserId), await book(survivorId)];
    const found = (query: string) => list(query).then(idsOf, String);
    expect(await found('Gil')).toEqual([after]);
    const plan = { survivorId, loserId };
    const { mergeId } = await services.admin.mergeUsers({ tenantId, plan });
    await expect.poll(() => found('Gil'), PATIENT).toEqual([after, before]);
    for (const userId of [survivorId, loserId]) {
      const page = await services.bookings.listBookings({ tenantId, userId });
      expect(idsOf(page.bookings)).toEqual([after, before]);
      const { pets } = await services.pets.listPets({ tenantId, userId });
      expect(pets.map(({ name }) => name)).toEqual(['Rex']);
    }
    await services.admin.unmergeUsers({ tenantId, mergeId });
    await expect.poll(() => found('Gil'), PATIENT).toEqual([after]);
    await expect.poll(() => found('Zelda'), PATIENT).toEqual([before]);
  });

  it('of another tenant are not among them', async () => {
    await book(await addUser('Dia', 'Reis'));
    const there = await services.bookings.listBookings({ tenantId: freshTenant(), userQuery: 'Dia' });
    expect(there.bookings).toEqual([]);
  });

  it('are refused where the words find more users than a list can be narrowed to', async () => {
    await services.fillUsers(tenantId, 5001, 'Eva');
    const fault = await faultOf(services.bookings.listBookings({ tenantId, userQuery: 'Eva' }));
    expect(fault).toMatchObject({ code: 'FailedPrecondition', reason: 'TOO_MANY_USERS' });
    expect(fault.metadata).toMatchObject({ limit: '5000' });
    expect(fault.message).not.toContain('Eva');
  });

  it('cannot be told while the user service is away, and everything else can', async () => {
    const userId = await addUser('Flor', 'Dias');
    const id = await book(userId);
    await services.auth.stop();
    const call = services.bookings.listBookings({ tenantId, userQuery: 'Flor' });
    expect(await faultOf(call)).toMatchObject({ code: 'Unavailable', reason: 'USER_SEARCH_UNAVAILABLE' });
    const { bookings } = await services.bookings.listBookings({ tenantId, userId });
    expect(idsOf(bookings)).toEqual([id]);
    await services.auth.start();
    await expect.poll(() => list('Flor').then(idsOf, String), { timeout: 10_000 }).toEqual([id]);
  });
});
