import { create, type DescField, getOption, ScalarType } from '@bufbuild/protobuf';
import {
  RegisterRequestSchema,
  RequestPasswordResetRequestSchema,
  SignInRequestSchema,
} from '@rollcall/contract/auth';
import { fieldRules } from '@rollcall/contract/rules';
import { CreateUserRequestSchema, ResolveUsersRequestSchema, UserSchema } from '@rollcall/contract/user';
import { fieldRuleFault } from '@rollcall/runtime/rpc';
import { describe, expect, it } from 'vitest';
import type { SignInSeals } from './postgres/credentials.ts';
import { completeRegistration } from './postgres/mail-tokens.ts';

const tenantId = 'demo';
const GOOD = ['ada@example.com', 'a+b@x.co', "o'neil@sub.example.org", `${'a'.repeat(64)}@example.com`];
const BAD = [
  ...[
    'ada@localhost',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'a@b@example.com',
    'ada@example',
    'ada@[127.0.0.1]',
  ],
  ...[
    '.ada@example.com',
    'ada.@example.com',
    'Mr..B@example.com',
    'ada@example..com',
    'ada@-example.com',
    'ada@example.1',
  ],
  ...[
    ' ada@example.com',
    'ada@example.com ',
    'ada lovelace@example.com',
    'ada@exämple.com',
    '"a b"@example.com',
    'ada@example.com\n',
  ],
  `${'a'.repeat(250)}@example.com`,
];

const register = (person: object) =>
  fieldRuleFault(
    RegisterRequestSchema,
    create(RegisterRequestSchema, { tenantId, password: 'a few words', ...person }),
  );
const createUser = (user: object) =>
  fieldRuleFault(CreateUserRequestSchema, create(CreateUserRequestSchema, { tenantId, user }));

describe('the rule of an address', () => {
  it.each(GOOD)('two-address-rules: %j is taken by Register and CreateUser', (email) => {
    expect([register({ email }), createUser({ email })]).toEqual([undefined, undefined]);
  });

  it.each(BAD)('two-address-rules: %j is refused by Register as by CreateUser', (email) => {
    const [one, other] = [register({ email }), createUser({ email })];
    expect(one?.options.violations?.[0]?.field).toBe('email');
    expect(other?.options.violations?.[0]?.field).toBe('user.email');
    expect(one?.options.violations?.[0]?.description).toBe(other?.options.violations?.[0]?.description);
  });

  it.each([...GOOD, ...BAD.slice(0, -1)])(
    'two-address-rules: %j is looked up, and not refused, by reads of users',
    (email) => {
      const source = { tenantId, email };
      const keys = [{ key: { case: 'email' as const, value: email } }];
      expect([
        fieldRuleFault(SignInRequestSchema, create(SignInRequestSchema, { ...source, password: 'x' })),
        fieldRuleFault(RequestPasswordResetRequestSchema, create(RequestPasswordResetRequestSchema, source)),
        fieldRuleFault(ResolveUsersRequestSchema, create(ResolveUsersRequestSchema, { tenantId, keys })),
      ]).toEqual([undefined, undefined, undefined]);
    },
  );

  it('two-address-rules: every field that Register has in common with a user has the same rules', () => {
    const common = RegisterRequestSchema.fields.flatMap((field) => {
      const own = UserSchema.fields.find(({ name }) => name === field.name && name !== 'tenant_id');
      return own?.scalar === ScalarType.STRING
        ? [{ name: field.name, rules: rulesOf(field), own: rulesOf(own) }]
        : [];
    });
    expect(common.map(({ name }) => name)).toEqual(['email', 'first_name', 'last_name']);
    for (const { name, rules, own } of common) expect(rules, name).toEqual(own);
  });
});

// Whether a field checks an empty text differs: a user may have no address.
function rulesOf(field: DescField) {
  const { cel, type } = getOption(field, fieldRules);
  return { cel, type };
}

describe('a registration that an older version accepted', () => {
  const complete = async (person: object) => {
    const statements: string[] = [];
    const run = async ({ name }: { name: string }) => {
      statements.push(name);
      return name === 'mail_token_take_registration'
        ? [{ id: '1', person_sealed: '', password_hash: '' }]
        : [];
    };
    const seal = {
      openRegistration: () => ({ email: 'ada@example.com', firstName: '', lastName: '', ...person }),
    };
    const made = await completeRegistration(
      run as never,
      { seal, contactSeal: {} } as unknown as SignInSeals,
      {
        ...{ tenantId, hash: Buffer.alloc(0), userId: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' },
      },
    );
    return { made, statements };
  };

  it.each([{ email: 'ada@localhost' }, { email: 'Mr..B@example.com' }, { firstName: '𝄞'.repeat(200) }])(
    'two-address-rules: makes no user whose own fields break the rules of a user: %j',
    async (person) => {
      expect(await complete(person)).toEqual({ made: false, statements: ['mail_token_take_registration'] });
    },
  );
});
