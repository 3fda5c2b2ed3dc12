import { create, type DescField, type DescMessage, type DescMethod, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { AuthService } from '@rollcall/contract/auth';
import { UserAdminService, UserSchema, UserService, UserView } from '@rollcall/contract/user';
import type { MethodAccess } from '@rollcall/runtime/callers';
import { describe, expect, it } from 'vitest';
import { accessOf, METHODS } from './access.ts';

const ALL = [...UserService.methods, ...UserAdminService.methods] as readonly DescMethod[];
const cases = ALL.map((method) => [`${method.parent.name}/${method.name}`, method] as const);

// Makes a request of any method, with values for the fields of these names.
function fill(method: DescMethod, values: Record<string, unknown>): Message {
  const message = create(method.input);
  const reflected = reflect(method.input, message);
  for (const field of method.input.fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.fieldKind === 'list') reflected.get(field).add(value as never);
    else reflected.set(field, value as never);
  }
  return message;
}

const fieldOf = (method: DescMethod, name: string) =>
  method.input.fields.find((field) => field.name === name);

/**
 * Finds the fields of a request that name tenants, however deep. The tenant of a whole user is output only.
 */
function tenantFields(message: DescMessage): DescField[] {
  if (message.typeName === UserSchema.typeName) return [];
  return message.fields.flatMap((field) => {
    if (/^tenant_ids?$/.test(field.name)) return [field];
    return field.message?.file.proto.package.startsWith('rollcall.') ? tenantFields(field.message) : [];
  });
}

const severalTenants = [...ALL, ...AuthService.methods].filter((method) => {
  const fields = tenantFields(method.input);
  return fields.length > 1 || fields.some(({ fieldKind }) => fieldKind !== 'scalar');
});

/** Whether an answer can hold a whole user, however deep. */
function holdsUser(message: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (message.typeName === UserSchema.typeName) return true;
  if (seen.has(message)) return false;
  seen.add(message);
  return message.fields.some((field) => field.message !== undefined && holdsUser(field.message, seen));
}

describe('the access table', () => {
  it('has every method', () => {
    const all: readonly DescMethod[] = [...ALL, ...AuthService.methods];
    expect(METHODS).toHaveLength(all.length);
    for (const method of all) expect(accessOf(method)).toBeDefined();
  });

  it.each(cases)('%s is of the tenants that its request names', (_, method) => {
    const { tenants } = accessOf(method) as MethodAccess;
    expect(fieldOf(method, 'tenant_id') ?? fieldOf(method, 'tenant_ids')).toBeDefined();
    expect(tenants(fill(method, { tenant_id: 'acme', tenant_ids: 'acme' }))).toEqual(['acme']);
  });

  it('T2: a request that can name several tenants is of all of them', () => {
    expect(severalTenants.map(({ name }) => name)).toEqual(['WatchUsers']);
    for (const method of severalTenants) {
      const [field, ...others] = tenantFields(method.input);
      // A request that names tenants in another way needs a line here, and one in the access table.
      expect({ kind: field?.fieldKind, parent: field?.parent, others }).toEqual({
        kind: 'list',
        parent: method.input,
        others: [],
      });
      const request = create(method.input);
      for (const tenant of ['acme', 'demo', 'acme', 'last'])
        reflect(method.input, request)
          .get(field as DescField & { fieldKind: 'list' })
          .add(tenant as never);
      const { tenants } = accessOf(method) as MethodAccess;
      expect(new Set(tenants(request))).toEqual(new Set(['acme', 'demo', 'last']));
    }
  });

  it.each(cases)(
    '%s counts as the view of its request, and as FULL when it has no view and answers users',
    (_, method) => {
      const { view, isAudited } = accessOf(method) as MethodAccess;
      if (fieldOf(method, 'view')) {
        const asked = (value: number) => view(fill(method, { view: value }));
        expect([0, UserView.REFERENCE, UserView.BASIC, UserView.FULL, 99].map(asked)).toEqual([
          'REFERENCE',
          'REFERENCE',
          'BASIC',
          'FULL',
          'FULL',
        ]);
        for (const value of [UserView.BASIC, UserView.FULL])
          expect(isAudited(fill(method, { view: value }))).toBe(true);
      } else if (holdsUser(method.output)) {
        expect(view(create(method.input))).toBe('FULL');
        expect(isAudited(create(method.input))).toBe(true);
      }
    },
  );

  it.each(cases.filter(([, method]) => method.parent === UserAdminService))(
    '%s is audited where it writes',
    (_, method) => {
      const writes = method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
      if (writes) expect((accessOf(method) as MethodAccess).isAudited(create(method.input))).toBe(true);
    },
  );

  it.each(cases.filter(([, method]) => fieldOf(method, 'id') ?? fieldOf(method, 'ids')))(
    '%s has the ids of its users',
    (_, method) => {
      const { ids } = accessOf(method) as MethodAccess;
      expect(ids(fill(method, { id: 'one', ids: 'one' }))).toEqual(['one']);
    },
  );
});
