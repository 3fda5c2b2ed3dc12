import { randomInt } from 'node:crypto';

/** What every object of one payment at Stripe has in common. */
export interface SamplePayment {
  /** "pi_…" */
  readonly id: string;
  /** In minor units. */
  readonly amount: number;
  /** ISO 4217, in lower case as Stripe has it. */
  readonly currency: string;
  /** When the intent was made, in s since 1970. */
  readonly created: number;
  /** "cus_…"; null: none. */
  readonly customer: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** So many letters and digits by chance. */
export function randomLetters(count: number): string {
  return Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/**
 * An id that says of what the payment is, so that whoever has nothing but the id makes objects that agree with earlier ones.
 * Stripe's own ids say nothing.
 */
export function paymentIdOf({
  amount,
  currency,
  created,
}: Omit<SamplePayment, 'id' | 'customer' | 'metadata'>): string {
  return `pi_S${base36(created, 7)}${base36(amount, 6)}${currency}${randomLetters(8)}`;
}

/** What an id made by `paymentIdOf` says; undefined: it is one of Stripe's. */
export function paymentFromId(
  id: string,
): Pick<SamplePayment, 'amount' | 'currency' | 'created'> | undefined {
  const [, created, amount, currency] =
    /^pi_S([0-9a-z]{7})([0-9a-z]{6})([a-z]{3})[0-9A-Za-z]{8}$/.exec(id) ?? [];
  if (!created || !amount || !currency) return undefined;
  return { amount: Number.parseInt(amount, 36), currency, created: Number.parseInt(created, 36) };
}

/** The id of what belongs to a payment: its charge "ch_…", its first refund "re_…1". */
export function idBeside({ id }: Pick<SamplePayment, 'id'>, prefix: string, number?: number): string {
  return `${prefix}_${id.slice('pi_'.length)}${number ?? ''}`;
}

function base36(value: number, digits: number): string {
  return value.toString(36).padStart(digits, '0');
}
