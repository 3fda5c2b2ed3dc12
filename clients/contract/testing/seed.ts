import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { User, UserSchema } from '../user.ts';
import type { ServiceSubject } from './subject.ts';

/** Creates a tenant id for one test, so that tests do not share users. */
export function freshTenant(): string {
  return `t-${randomUUID()}`;
}

/** Creates a user. Absent fields get plausible values. */
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
