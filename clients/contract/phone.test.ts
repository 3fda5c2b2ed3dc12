import { create } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanPhone, phoneKey, readPhone } from './phone.ts';
import { UserSchema } from './user.ts';

const validator = createValidator({ failFast: true });

/** The fault by the rule of `User.phone`. Undefined: the text is allowed. */
function faultOf(phone: string): string | undefined {
  const result = validator.validate(UserSchema, create(UserSchema, { phone }));
  return result.kind === 'invalid' ? result.violations[0]?.message : undefined;
}

describe('readPhone', () => {
  it.each([
    '+1 212 555 0100 x5',
    '+1 (212) 555-0100x5',
    '+1.212.555.0100 X 5',
    '+1 212 555 0100 ext. 5',
    '+1 212 555 0100 Ext 5',
    '+1 212 555 0100 ext:5',
    '+1 212 555 0100 extn 5',
    '+1 212 555 0100 extension 5',
    '+1-212-555-0100;ext=5',
    '+1 212 555 0100 #5',
    '001 212 555 0100 #5',
  ])('phones: separates the extension of %s from its main number', (text) => {
    expect(faultOf(text)).toBeUndefined();
    expect(readPhone(text)).toEqual({ main: '12125550100', extension: '5' });
  });

  it('phones: distinguishes a number with an extension from one with another digit', () => {
    expect(phoneKey('+1 212 555 0100 x5')).not.toBe(phoneKey('+1 21255501005'));
    expect(phoneKey('+1 212 555 0100 x5')).toBe(phoneKey('+1 (212) 555-0100'));
    expect(phoneKey('555 0100 x5')).toBe(phoneKey('555-0100'));
    expect(phoneKey('555 0100 x5')).not.toBe(phoneKey('55501005'));
  });

  it.each([
    ['a national prefix in brackets', '+44 (0)20 7946 0018', '442079460018'],
    ['the international prefix 00', '0044 20 7946 0018', '442079460018'],
    ['a leading zero that belongs to the number', '+39 06 1234 5678', '390612345678'],
    ['no country', '020 7946 0018', '02079460018'],
    ['zeros that are no international prefix', '0012 345', '0012345'],
    ['a country code that no country has', '+999 123 4567 x5', '9991234567'],
    ['a decimal zero of a spreadsheet', '447911123456.0', '447911123456'],
    ['a decimal zero behind few digits', '112.0', '112'],
    ['a group of zeros behind a dot', '555.0000', '5550000'],
    ['full-width digits', '＋４４ ７９１１ １２３４５６', '447911123456'],
    ['Arabic digits', '+٤٤ ٧٩١١ ١٢٣٤٥٦', '447911123456'],
    ['marks of direction around it', '\u202a+44\u00a07911\u2011123456\u202c', '447911123456'],
    ['an extension longer than is allowed today', '+1 212 555 0100x1234567890', '12125550100'],
  ])('phones: compares a number with %s by its digits', (_, text, main) => {
    expect(phoneKey(text)).toBe(main);
  });

  it.each(['((((', '', '+', 'x5', 'Ada', '4.47911E+11', '+1 212 555 0100 x', '12 monkeys'])(
    'phones: finds no number in "%s"',
    (text) => {
      expect(readPhone(text)).toBeUndefined();
    },
  );

  it('phones: parses all numbers that the contract allows', () => {
    const part = fc.stringMatching(/^[+]?[0-9(][0-9 ()./-]{0,24}$/);
    const label = fc.constantFrom('x', ' X ', '#', ' #', 'ext', ' ext. ', ' Ext:', ' extension ', ';ext=');
    const extension = fc.oneof(
      fc.constant(''),
      fc.tuple(label, fc.stringMatching(/^[0-9]{1,9}$/)).map((both) => both.join('')),
    );
    fc.assert(
      fc.property(part, extension, (main, behind) => {
        const text = main + behind;
        fc.pre(faultOf(text) === undefined);
        expect(readPhone(text)).toBeDefined();
        expect(phoneKey(text)).toBe(phoneKey(main));
        expect(cleanPhone(text)).toBe(text.replace(/ +/g, ' ').trim());
      }),
    );
  });
});

describe('User.phone', () => {
  it.each([
    ['4.47911E+11', 'scientific notation'],
    ['447911123456e0', 'scientific notation'],
    ['4,47911e11', 'scientific notation'],
    ['447911123456.0', 'must not end in .0'],
    ['+447911123456.00', 'must not end in .0'],
    ['447911123456.0 ', 'must not end in .0'],
    ['(447911123456.0)', 'must not end in .0'],
    ['447911123456.0 x5', 'must not end in .0'],
    ['447 911 123 456.0', 'must not end in .0'],
    ['112.0', 'must not end in .0'],
    ['+1800.0', 'must not end in .0'],
    ['((((', '3 to 15 digits'],
    ['(--)', '3 to 15 digits'],
    ['1 2 x345', '3 to 15 digits'],
    ['4111 1111 1111 1111', '3 to 15 digits'],
    ['07911 123456 / 020 7946 0018', '3 to 15 digits'],
    ['x5', 'must be a phone number'],
    ['+1 212 555 0100 x', 'must be a phone number'],
    ['+1 212 555 0100 x5 x6', 'must be a phone number'],
    ['+1 212 555 0100 x1234567890', 'must be a phone number'],
    ['call me', 'must be a phone number'],
  ])('phones: refuses %s: %s', (text, why) => {
    expect(faultOf(text)).toContain(why);
  });

  it.each([
    '112',
    '555-0100',
    '+351 1',
    '01.23.45.67.80',
    '0049 30 12345678901',
    '+1/212/555 0100',
    '(1) 555-0100',
    '555.0000',
    '212.555.0100',
  ])('phones: accepts %s', (text) => {
    expect(faultOf(text)).toBeUndefined();
  });
});
