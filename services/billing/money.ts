import { CURRENCIES, currencyOf, formatUnits } from '@rollcall/contract/currencies';

/** An amount in the minor unit of its currency by ISO 4217. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** Stripe's counting of amounts in one currency. */
interface StripeUnits {
  /**
   * The decimals of Stripe's unit: 5400 with 2 is 54.00. They differ from ISO 4217 for ISK, UGX and MGA.
   */
  readonly decimals: number;
  /** An amount in a request to Stripe must be a multiple of this, in Stripe's unit. */
  readonly step: bigint;
  /** The maximum number of digits of an amount in a request, for any payment method. */
  readonly maxDigits: number;
  /** False: only old payments have the currency. */
  readonly isTaken: boolean;
}

// https://docs.stripe.com/currencies, as of 2026-10. UGX counts as zero-decimal there, except under
// "Special cases". HUF and TWD are special in payouts only. IQD, LYD, four-decimal currencies and units of
// account are undocumented.
const WITHOUT_DECIMALS = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
const WHOLE_IN_HUNDREDTHS = ['ISK', 'UGX'];
const THREE_DECIMALS = 'BHD JOD KWD OMR TND'.split(' ');
const MAX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['IDR', 12],
  ['COP', 10],
  ['INR', 9],
]);
const DEFAULT_MAX_DIGITS = 8;

/** Stripe's units by ISO 4217 code, for each currency that Stripe accepts or accepted. */
export const STRIPE_UNITS: ReadonlyMap<string, StripeUnits> = new Map(
  [...CURRENCIES.values()]
    .filter(({ code, decimals, kind }) => kind !== 'fund' && (decimals === 2 || isException(code)))
    .map(({ code, kind }) => [
      code,
      {
        ...countingOf(code),
        maxDigits: MAX_DIGITS.get(code) ?? DEFAULT_MAX_DIGITS,
        isTaken: kind === 'active',
      },
    ]),
);

function isException(code: string): boolean {
  return [...WITHOUT_DECIMALS, ...WHOLE_IN_HUNDREDTHS, ...THREE_DECIMALS].includes(code);
}

function countingOf(code: string): Pick<StripeUnits, 'decimals' | 'step'> {
  if (WITHOUT_DECIMALS.includes(code)) return { decimals: 0, step: 1n };
  if (WHOLE_IN_HUNDREDTHS.includes(code)) return { decimals: 2, step: 100n };
  return THREE_DECIMALS.includes(code) ? { decimals: 3, step: 10n } : { decimals: 2, step: 1n };
}

/** The reason why Stripe does not accept an amount. */
interface AmountFault {
  /** A field of `rollcall.type.v1.Money`. */
  readonly field: 'currency_code' | 'minor_units';
  /** The rule that the field breaks, in words. */
  readonly rule: string;
}

/** Checks an amount for a payment. Undefined when Stripe accepts it. */
export function paymentFaultOf(money: Money): AmountFault | undefined {
  const units = STRIPE_UNITS.get(money.currencyCode);
  if (!units?.isTaken) return CURRENCY_FAULT;
  const max = toMinorUnits(money.currencyCode, 10n ** BigInt(units.maxDigits) - units.step);
  if (money.minorUnits >= 1n && money.minorUnits <= max) return refundFaultOf(money);
  return { field: 'minor_units', rule: `must be from 1 to ${max}` };
}

/**
 * Checks an amount for a refund. Undefined when Stripe accepts it. Old payments in a withdrawn currency
 * can be refunded.
 */
export function refundFaultOf({ currencyCode, minorUnits }: Money): AmountFault | undefined {
  if (!STRIPE_UNITS.has(currencyCode)) return CURRENCY_FAULT;
  const step = stepOf(currencyCode);
  if (minorUnits >= 1n && minorUnits % step === 0n) return undefined;
  const rule = step === 1n ? 'must be more than 0' : `must be a multiple of ${step} more than 0`;
  return { field: 'minor_units', rule: `${rule}: Stripe takes no other amounts of ${currencyCode}` };
}

const CURRENCY_FAULT: AmountFault = { field: 'currency_code', rule: 'must be a currency that Stripe takes' };

/** An amount for Stripe must be a multiple of this, in minor units. */
export function stepOf(currencyCode: string): bigint {
  return toMinorUnits(currencyCode, unitsOf(currencyCode).step);
}

/**
 * Converts an amount to Stripe's unit.
 * @throws Error when `refundFaultOf` finds a fault.
 */
export function toStripeAmount(money: Money): bigint {
  const fault = refundFaultOf(money);
  if (fault) throw new Error(`Stripe cannot be asked for this amount: ${fault.field} ${fault.rule}`);
  const { currencyCode, minorUnits } = money;
  const surplus = surplusOf(currencyCode);
  return surplus >= 0 ? minorUnits * 10n ** BigInt(surplus) : minorUnits / 10n ** BigInt(-surplus);
}

/**
 * Converts an amount in Stripe's unit to minor units of ISO 4217. A fraction of a minor unit, possible for
 * ISK and UGX, is cut off.
 */
export function fromStripeAmount(currencyCode: string, amount: bigint): Money {
  return { currencyCode, minorUnits: toMinorUnits(currencyCode, amount) };
}

/** Whether `fromStripeAmount` loses no fraction. */
export function isWhole(currencyCode: string, amount: bigint): boolean {
  const surplus = surplusOf(currencyCode);
  return surplus <= 0 || amount % 10n ** BigInt(surplus) === 0n;
}

/** Formats an amount in Stripe's unit without loss: "54.50 ISK". */
export function formatStripeAmount(currencyCode: string, amount: bigint): string {
  return `${formatUnits(amount, unitsOf(currencyCode).decimals)} ${currencyCode}`;
}

/** Stripe's unit of a currency. An unknown currency counts as in ISO 4217. */
export function unitsOf(currencyCode: string): Pick<StripeUnits, 'decimals' | 'step'> {
  return STRIPE_UNITS.get(currencyCode) ?? { decimals: decimalsOf(currencyCode), step: 1n };
}

function decimalsOf(currencyCode: string): number {
  return currencyOf(currencyCode)?.decimals ?? 2;
}

/** The number of decimals that Stripe's unit has beyond ISO 4217. */
function surplusOf(currencyCode: string): number {
  return unitsOf(currencyCode).decimals - decimalsOf(currencyCode);
}

function toMinorUnits(currencyCode: string, amount: bigint): bigint {
  const surplus = surplusOf(currencyCode);
  return surplus > 0 ? amount / 10n ** BigInt(surplus) : amount * 10n ** BigInt(-surplus);
}
