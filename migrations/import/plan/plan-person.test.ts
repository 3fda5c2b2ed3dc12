import { describe, expect, it } from 'vitest';
import { planPerson } from './plan-person.ts';

const person = (changes: Partial<Parameters<typeof planPerson>[0]>) =>
  planPerson({ name: 'Ada King', email: 'ada@example.com', phone: '555-0100', ...changes });

describe('planPerson', () => {
  it('compares addresses without letter case and outer space, and keeps them as they were given', () => {
    expect(person({ email: ' Ada@Example.COM ' })).toMatchObject({
      emailKey: 'ada@example.com',
      user: {
        email: 'Ada@Example.COM',
        firstName: 'Ada',
        lastName: 'King',
        displayName: 'Ada King',
        phone: '555-0100',
      },
    });
  });

  it('says that there is no address', () => {
    expect(person({ email: '  ' })).toEqual({ reason: 'email is empty' });
  });

  it.for([
    'Mr..B@mail.com',
    'Riggs.Mrs.@mail.com',
    '.ada@example.com',
    'ada',
    'ada@localhost',
    'a b@example.com',
    `${'a'.repeat(250)}@example.com`,
  ])("finds %s unusable by the contract's rule, which it tells without the address", (email) => {
    expect(person({ email })).toEqual({
      reason: expect.stringMatching(/^email (must|does)(?!.*(Riggs|@mail))/),
    });
  });

  it.for([
    ['phone', { phone: 'call me' }],
    ['displayName', { name: `Ada ${'x'.repeat(800)}` }],
    ['lastName', { name: `Ada ${'x'.repeat(401)}` }],
  ] as const)('leaves a %s out that the contract refuses', ([field, changes]) => {
    expect(person(changes)).toMatchObject({
      user: { firstName: 'Ada', email: 'ada@example.com', [field]: '' },
    });
  });
});
