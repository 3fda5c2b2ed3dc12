import { createFileRegistry, type DescMessage, type DescService } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { readDescriptorImage } from '../descriptor-image.ts';
import { UserAdminService, UserService } from '../user.ts';
import { expectRefusal } from './expect-refusal.ts';
import { freshTenant, seedUser } from './seed.ts';
import type { ServiceSubject } from './subject.ts';

/** A call with an etag, on users of its own. */
interface EtagCase {
  /** The current etag of the user. */
  readonly etag: string;
  /** An earlier etag of the user. */
  readonly staleEtag: string;
  /** Calls with this etag and otherwise valid fields. */
  call(etag: string): Promise<unknown>;
}

type Seed = (subject: ServiceSubject) => Promise<EtagCase>;

/** A call for each etag field. The etag of a user to create has no meaning: no user exists yet. */
const CASES: Readonly<Record<string, Seed | 'ignored'>> = {
  'CreateUser user.etag': 'ignored',
  'UpdateUser user.etag': async ({ admin }) => {
    const { tenantId, id, etag, staleEtag } = await seedChanged(admin);
    const updateMask = { paths: ['first_name'] };
    const call = (given: string) =>
      admin.updateUser({ tenantId, user: { id, firstName: 'New', etag: given }, updateMask });
    return { etag, staleEtag, call };
  },
  'DeleteUser etag': async ({ admin }) => {
    const { tenantId, id, etag, staleEtag } = await seedChanged(admin);
    return { etag, staleEtag, call: (given) => admin.deleteUser({ tenantId, id, etag: given }) };
  },
  'UndeleteUser etag': async ({ admin }) => {
    const { tenantId, id, etag: staleEtag } = await seedChanged(admin);
    const etag = (await admin.deleteUser({ tenantId, id })).user?.etag ?? '';
    return { etag, staleEtag, call: (given) => admin.undeleteUser({ tenantId, id, etag: given }) };
  },
  'MergeUsers survivor_etag': async ({ admin }) => {
    const survivor = await seedChanged(admin);
    const { tenantId } = survivor;
    const plan = { survivorId: survivor.id, loserId: (await seedUser({ admin }, tenantId)).id };
    const call = (survivorEtag: string) => admin.mergeUsers({ tenantId, plan, survivorEtag });
    return { ...survivor, call };
  },
  'MergeUsers loser_etag': async ({ admin }) => {
    const loser = await seedChanged(admin);
    const { tenantId } = loser;
    const plan = { survivorId: (await seedUser({ admin }, tenantId)).id, loserId: loser.id };
    const call = (loserEtag: string) => admin.mergeUsers({ tenantId, plan, loserEtag });
    return { ...loser, call };
  },
};

/** Tests each etag of a request, stale and current. */
export function describeEtags(subject: () => ServiceSubject): void {
  describe('an etag of a request', () => {
    const fields = [UserService, UserAdminService].flatMap(etagFields);

    it.each(fields)('T5: has a case: %s', (field) => {
      expect(CASES).toHaveProperty([field]);
    });

    for (const field of fields) {
      const seed = CASES[field];
      if (seed === undefined || seed === 'ignored') continue;
      it(`T5: is refused when it is not current: ${field}`, async () => {
        const { etag, staleEtag, call } = await seed(subject());
        for (const wrong of [staleEtag, 'v99', 'no-etag', `${etag} `]) {
          const error = await expectRefusal(call(wrong), { code: 'Aborted', reason: 'ETAG_MISMATCH' });
          expect(error.message).toContain('changed');
        }
        // The refused call changed nothing, so the current etag is still valid.
        await call(etag);
      });

      it(`T5: is optional: ${field}`, async () => {
        await (await seed(subject())).call('');
      });
    }

    it('T5: is ignored for a new user', async () => {
      const { admin } = subject();
      const { user } = await admin.createUser({
        tenantId: freshTenant(),
        user: { firstName: 'A', etag: 'v7' },
      });
      expect(user).toMatchObject({ version: 1n });
      expect(user?.etag).not.toBe('v7');
    });
  });
}

async function seedChanged(admin: ServiceSubject['admin']) {
  const tenantId = freshTenant();
  const { id, etag: staleEtag } = await seedUser({ admin }, tenantId);
  const change = { tenantId, user: { id, lastName: 'Changed' }, updateMask: { paths: ['last_name'] } };
  const etag = (await admin.updateUser(change)).user?.etag ?? '';
  return { tenantId, id, etag, staleEtag };
}

/**
 * All request fields of a service whose name ends in `etag`, nested ones included: `UpdateUser user.etag`.
 */
export function etagFields(service: DescService): string[] {
  return service.methods.flatMap(({ name, input }) => pathsOf(input, []).map((path) => `${name} ${path}`));
}

/** All services of Rollcall in the contract. */
export function contractServices(): DescService[] {
  const files = createFileRegistry(readDescriptorImage()).files;
  return [...files]
    .filter(({ proto }) => proto.package.startsWith('rollcall.'))
    .flatMap(({ services }) => services);
}

// Users that a service attaches to responses. In a request they have no meaning.
const ANSWERED = new Set(['rollcall.user.v1.AttachedUser', 'rollcall.booking.v1.BookingUser']);

function pathsOf(message: DescMessage, within: readonly DescMessage[]): string[] {
  if (within.includes(message) || ANSWERED.has(message.typeName)) return [];
  return message.fields.flatMap((field) => {
    if (field.name.endsWith('etag')) return [field.name];
    const paths = field.message ? pathsOf(field.message, [...within, message]) : [];
    return paths.map((path) => `${field.name}.${path}`);
  });
}
