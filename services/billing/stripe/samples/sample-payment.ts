import { randomInt } from 'node:crypto';

/** What every object of one payment at Stripe has in common. */
export interface SamplePayment {
  /** "pi_…" */
  readonly id: string;
  /** As Stripe counts it. */
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

/** The id of what belongs to a payment: its charge "ch_…", its first refund "re_…1". */
export function idBeside({ id }: Pick<SamplePayment, 'id'>, prefix: string, number?: number): string {
  return `${prefix}_${id.slice('pi_'.length)}${number ?? ''}`;
}
