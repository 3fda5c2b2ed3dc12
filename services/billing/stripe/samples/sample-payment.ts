import { randomInt } from 'node:crypto';

/** The fields that all objects of one sample payment share. */
export interface SamplePayment {
  /** "pi_…" */
  readonly id: string;
  /** In Stripe's unit. */
  readonly amount: number;
  /** ISO 4217 in lower case, as at Stripe. */
  readonly currency: string;
  /** The creation time of the intent, in s since 1970. */
  readonly created: number;
  /** "cus_…". Null: the payment has no customer. */
  readonly customer: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Creates random letters and digits. */
export function randomLetters(count: number): string {
  return Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The id of an object of a payment: its charge "ch_…", its first refund "re_…1". */
export function idBeside({ id }: Pick<SamplePayment, 'id'>, prefix: string, number?: number): string {
  return `${prefix}_${id.slice('pi_'.length)}${number ?? ''}`;
}
