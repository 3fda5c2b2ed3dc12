import {
  type PhoneNumber as ParsedNumber,
  parseIncompletePhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min';

/** A phone number in the form in which numbers are compared. */
export interface PhoneNumber {
  /**
   * Digits without the extension: those of E.164 when the country is known, else those of the text. A number
   * without a country equals an international one only when both have equal digits.
   */
  readonly main: string;
  /** Digits of the extension. Empty: none. */
  readonly extension: string;
}

// The part before an extension, as in the rule of `User.phone`, which a test compares with this.
const MAIN = /^[+]?[0-9 ()./-]*/;
// A spreadsheet exports a number as 447911123456.0. Fewer digits before several zeros are a number: 555.0000.
const DECIMAL_ZERO = /^([+]?[0-9]+(?=[.]0$)|[+]?[0-9]{5,}(?=[.]0+$))[.]0+$/;
const INTERNATIONAL_PREFIX = /^00(?=[1-9])/;
// Extensions that were once allowed and that the library does not parse.
const LONG_EXTENSION = /^x([0-9]{10,})$/;
// The library parses an extension only behind a whole number.
const ANY_NUMBER = '+12125550100';

/**
 * Parses a phone number with or without an extension (`x5`, `#5`, `ext. 5`, `;ext=5`). Undefined: the text
 * has no digits or is no phone number.
 */
export function readPhone(text: string): PhoneNumber | undefined {
  const cleaned = cleanPhone(text);
  const [written = ''] = MAIN.exec(cleaned) ?? [];
  const main = readMain(written);
  if (!main) return undefined;
  const extension = readExtension(cleaned.slice(written.length));
  return extension === undefined ? undefined : { main, extension };
}

/** The main number in the form in which numbers are compared. Null: the text is no phone number. */
export function phoneKey(text: string): string | null {
  return readPhone(text)?.main ?? null;
}

/**
 * Replaces characters that `User.phone` does not allow: full-width forms, dashes and spaces of other kinds.
 * Removes invisible characters, `tel:`, and the apostrophe and the `.0` of a spreadsheet.
 */
export function cleanPhone(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\s+/g, ' ')
    .replace(/\p{Nd}/gu, (digit) => parseIncompletePhoneNumber(digit) || digit)
    .trim()
    .replace(/^(?:tel:|')/i, '')
    .replace(DECIMAL_ZERO, '$1');
}

function readMain(written: string): string {
  const digits = written.replace(/[^0-9]/g, '');
  if (written.startsWith('+')) {
    const parsed = parseInternational(written);
    return parsed ? digitsOfE164(parsed) : digits;
  }
  if (!INTERNATIONAL_PREFIX.test(digits)) return digits;
  const dialled = parseInternational(digits.replace(INTERNATIONAL_PREFIX, '+'));
  return dialled?.isValid() ? digitsOfE164(dialled) : digits;
}

/** The extension behind a main number. Empty: no extension. Undefined: the rest is not an extension. */
function readExtension(tail: string): string | undefined {
  if (!tail) return '';
  return parseInternational(`${ANY_NUMBER}${tail}`)?.ext ?? LONG_EXTENSION.exec(tail)?.[1];
}

/** Undefined: the text does not start with `+` and a country code. */
function parseInternational(text: string): ParsedNumber | undefined {
  return parsePhoneNumberFromString(text, { extract: false });
}

function digitsOfE164({ number }: ParsedNumber): string {
  return number.slice(1);
}
