import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { User, UserSchema } from '../user.ts';
import type { ServiceSubject } from './subject.ts';

/** A tenant of one test's own, so that tests do not see each other's users. */
export function freshTenant(): string {
  return `t-${randomUUID()}`;
}

/** Makes a user; every field that is not given has a believable value. */
export async function seedUser(
  { admin }: Pick<ServiceSubject, 'admin'>,
  tenantId: string,
  fields: Extract<MessageInitShape<typeof UserSchema>, { $typeName?: never }> = {},
): Promise<User> {
  const { user } = await admin.createUser({
    tenantId,
    user: {
      firstName: 'Ada',
      lastName: 'Lovelace',
      email: `ada.${randomUUID()}@example.com`,
      phone: '+351 21 000 0000',
      profile: { tags: ['vip'] },
      ...fields,
    },
  });
  return user as User;
}
