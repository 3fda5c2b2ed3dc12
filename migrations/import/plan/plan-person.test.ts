import { describe, expect, it } from 'vitest';
import { planPerson } from './plan-row.ts';

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
    ['447911123456.0', '447911123456'],
    ["'+44 7911 123456", '+44 7911 123456'],
    ['tel:+44-7911-123456', '+44-7911-123456'],
    ['\u202a+44\u00a07911\u2011123456\u202c', '+44 7911-123456'],
    ['+1 212 555 0100 ext. 5', '+1 212 555 0100 ext. 5'],
  ] as const)('phones: takes the phone %s of a spreadsheet as %s', ([written, phone]) => {
    expect(person({ phone: written })).toMatchObject({ user: { phone }, leftOut: [] });
  });

  it.for([
    [{ phone: '4.47911E+11' }, 'phone', /^must not be in scientific notation/],
    [{ phone: '((((' }, 'phone', /^must have 3 to 15 digits/],
    [{ phone: '07911 123456 / 07911 123457' }, 'phone', /^must have 3 to 15 digits/],
    [{ name: `Ada ${'x'.repeat(401)}` }, 'name', /^as last_name must/],
  ] as const)(
    'phones, sheet-files: says what of %j is left out, without the value',
    ([changes, from, reason]) => {
      expect(person(changes)).toMatchObject({ leftOut: [{ from, reason: expect.stringMatching(reason) }] });
      expect(JSON.stringify((person(changes) as { leftOut: unknown }).leftOut)).not.toMatch(
        /4\.47|07911|xxx/,
      );
    },
  );

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
