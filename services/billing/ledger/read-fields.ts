import { LedgerError } from './ledger-error.ts';

/** Plain JSON of which nothing is known yet. */
export type Raw = Readonly<Record<string, unknown>>;

/** Whether it is a JSON object. */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An id that must be there. */
export function idOf(raw: Raw, field: string): string {
  return optionalIdOf(raw, field) ?? fault(field);
}

/** An id, also of an object that stands in its place; null: there is none. */
export function optionalIdOf(raw: Raw, field: string): string | null {
  const value = raw[field];
  const id = isRaw(value) ? value.id : value;
  if (id === undefined || id === null) return null;
  return isId(id) ? id : fault(field);
}

/** Whether it is text as ids and types of Stripe's are: printable, without a space, at most 255 characters. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value);
}

/** A word of Stripe's, such as a code or a reason; null: there is none, or it is no word. */
export function wordOf(raw: Raw, field: string): string | null {
  const value = raw[field];
  return typeof value === 'string' && /^[a-z0-9_]{1,100}$/i.test(value) ? value : null;
}

/** A word that must be there. */
export function requiredWordOf(raw: Raw, field: string): string {
  return wordOf(raw, field) ?? fault(field);
}

/** An amount in the smallest unit that Stripe knows of the currency: whole and not negative. */
export function amountOf(raw: Raw, field: string): number {
  const value = raw[field];
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : fault(field);
}

/** As `amountOf`; what is not there is 0. */
export function optionalAmountOf(raw: Raw, field: string): number {
  return raw[field] === undefined || raw[field] === null ? 0 : amountOf(raw, field);
}

/** A time in s since 1970, at most the end of the year 9999. */
export function timeOf(raw: Raw, field: string): number {
  return optionalTimeOf(raw, field) ?? fault(field);
}

/** As `timeOf`; null: there is none. */
export function optionalTimeOf(raw: Raw, field: string): number | null {
  const value = raw[field];
  if (value === undefined || value === null) return null;
  const isTime = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SECONDS;
  return isTime ? (value as number) : fault(field);
}

/** The last second of the year 9999, in s since 1970. */
export const MAX_SECONDS = 253_402_300_799;

/** ISO 4217, upper case. */
export function currencyOf(raw: Raw): string {
  const value = raw.currency;
  return typeof value === 'string' && /^[a-z]{3}$/i.test(value) ? value.toUpperCase() : fault('currency');
}

/** Throws because a field is not what it must be. */
export function fault(field: string): never {
  throw new LedgerError('SHAPE_UNKNOWN', `The field "${field}" is missing, or is not what it was known as.`);
}
