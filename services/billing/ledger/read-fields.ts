import { LedgerError } from './ledger-error.ts';
import type { OwnerFields } from './stripe-fields.ts';

/** Unvalidated JSON object. */
export type Raw = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a required id. */
export function idOf(raw: Raw, field: string): string {
  return optionalIdOf(raw, field) ?? fault(field);
}

/** Reads an optional id, also from an expanded object. Null when it is missing. */
export function optionalIdOf(raw: Raw, field: string): string | null {
  const value = raw[field];
  const id = isRaw(value) ? value.id : value;
  if (id === undefined || id === null) return null;
  return isId(id) ? id : fault(field);
}

/**
 * Whether a value has the form of Stripe's ids and types: printable ASCII without spaces, at most 255
 * characters.
 */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value);
}

/** Reads a code or a reason. Null when it is missing or malformed. */
export function wordOf(raw: Raw, field: string): string | null {
  const value = raw[field];
  return typeof value === 'string' && /^[a-z0-9_]{1,100}$/i.test(value) ? value : null;
}

/** Reads a required code. */
export function requiredWordOf(raw: Raw, field: string): string {
  return wordOf(raw, field) ?? fault(field);
}

/** Reads an amount in Stripe's unit of the currency: a whole number, not negative. */
export function amountOf(raw: Raw, field: string): number {
  const value = raw[field];
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : fault(field);
}

/** Reads an amount that is 0 when missing. */
export function optionalAmountOf(raw: Raw, field: string): number {
  return raw[field] === undefined || raw[field] === null ? 0 : amountOf(raw, field);
}

/** Reads a time in s since 1970, at most the end of the year 9999. */
export function timeOf(raw: Raw, field: string): number {
  return optionalTimeOf(raw, field) ?? fault(field);
}

/** Reads a time that is null when missing. */
export function optionalTimeOf(raw: Raw, field: string): number | null {
  const value = raw[field];
  if (value === undefined || value === null) return null;
  const isTime = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SECONDS;
  return isTime ? (value as number) : fault(field);
}

/** The last second of the year 9999, in s since 1970. */
export const MAX_SECONDS = 253_402_300_799;

/** Reads the currency as an ISO 4217 code in upper case. */
export function currencyOf(raw: Raw): string {
  const value = raw.currency;
  return typeof value === 'string' && /^[a-z]{3}$/i.test(value) ? value.toUpperCase() : fault('currency');
}

/**
 * Fails because of a field.
 * @throws LedgerError SHAPE_UNKNOWN always.
 */
export function fault(field: string): never {
  throw new LedgerError('SHAPE_UNKNOWN', `The field "${field}" is missing, or is not what it was known as.`);
}

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads the owner from `metadata`. A malformed id counts as missing. */
export function ownerOf(raw: Raw): OwnerFields {
  const metadata = isRaw(raw.metadata) ? raw.metadata : {};
  const matching = (field: string, form: RegExp) => {
    const value = metadata[field];
    return typeof value === 'string' && form.test(value) ? value.toLowerCase() : null;
  };
  return {
    tenant_id: matching('tenant_id', TENANT),
    user_id: matching('user_id', UUID),
    booking_id: matching('booking_id', UUID),
  };
}
