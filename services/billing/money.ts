import { CURRENCIES, currencyOf, formatUnits } from '@rollcall/contract/currencies';

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** How Stripe counts the amounts of a currency. */
interface StripeUnits {
  /** Decimals of the unit: 5400 with 2 is 54.00. Differs from ISO 4217 for ISK, UGX and MGA. */
  readonly decimals: number;
  /** What an amount that Stripe is asked for must be a multiple of, in its unit. */
  readonly step: bigint;
  /** The most digits of an amount that Stripe is asked for, by any means of payment. */
  readonly maxDigits: number;
  /** False: Stripe tells of it in old payments, and takes it no more. */
  readonly isTaken: boolean;
}

// https://docs.stripe.com/currencies, as of 2026-10. Stripe lists UGX as a currency without decimals and takes that back under
// "Special cases". HUF and TWD are special in payouts alone, which are not made here. Of IQD and LYD, of currencies with four
// decimals and of units of account it says nothing: an amount of them would be a guess.
const WITHOUT_DECIMALS = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
const WHOLE_IN_HUNDREDTHS = ['ISK', 'UGX'];
const THREE_DECIMALS = 'BHD JOD KWD OMR TND'.split(' ');
const MAX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['IDR', 12],
  ['COP', 10],
  ['INR', 9],
]);
const DEFAULT_MAX_DIGITS = 8;

/** How Stripe counts each currency that it takes or took, by ISO 4217 code. */
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

/** Why Stripe cannot be asked for an amount. */
interface AmountFault {
  /** Of `rollcall.type.v1.Money`. */
  readonly field: 'currency_code' | 'minor_units';
  /** What the field must be. */
  readonly rule: string;
}

/** Why Stripe cannot be asked for a payment of this amount; undefined: it can. */
export function paymentFaultOf(money: Money): AmountFault | undefined {
  const units = STRIPE_UNITS.get(money.currencyCode);
  if (!units?.isTaken) return CURRENCY_FAULT;
  const max = toMinorUnits(money.currencyCode, 10n ** BigInt(units.maxDigits) - units.step);
  if (money.minorUnits >= 1n && money.minorUnits <= max) return refundFaultOf(money);
  return { field: 'minor_units', rule: `must be from 1 to ${max}` };
}

/**
 * Why Stripe cannot be asked to send this amount back; undefined: it can. Old payments in a currency that was withdrawn are sent
 * back as they came.
 */
export function refundFaultOf({ currencyCode, minorUnits }: Money): AmountFault | undefined {
  if (!STRIPE_UNITS.has(currencyCode)) return CURRENCY_FAULT;
  const step = stepOf(currencyCode);
  if (minorUnits >= 1n && minorUnits % step === 0n) return undefined;
  const rule = step === 1n ? 'must be more than 0' : `must be a multiple of ${step} more than 0`;
  return { field: 'minor_units', rule: `${rule}: Stripe takes no other amounts of ${currencyCode}` };
}

const CURRENCY_FAULT: AmountFault = { field: 'currency_code', rule: 'must be a currency that Stripe takes' };

/** What Stripe can be asked for is a multiple of this, in minor units. */
export function stepOf(currencyCode: string): bigint {
  return toMinorUnits(currencyCode, unitsOf(currencyCode).step);
}

/**
 * The amount as Stripe counts it.
 * @throws Error where `refundFaultOf` names a fault.
 */
export function toStripeAmount(money: Money): bigint {
  const fault = refundFaultOf(money);
  if (fault) throw new Error(`Stripe cannot be asked for this amount: ${fault.field} ${fault.rule}`);
  const { currencyCode, minorUnits } = money;
  const surplus = surplusOf(currencyCode);
  return surplus >= 0 ? minorUnits * 10n ** BigInt(surplus) : minorUnits / 10n ** BigInt(-surplus);
}

/**
 * What Stripe counts so, in minor units of ISO 4217. A fraction of a minor unit, which ISK and UGX can have, is left out: the
 * amount is rounded towards 0.
 */
export function fromStripeAmount(currencyCode: string, amount: bigint): Money {
  return { currencyCode, minorUnits: toMinorUnits(currencyCode, amount) };
}

/** Whether `fromStripeAmount` leaves nothing out. */
export function isWhole(currencyCode: string, amount: bigint): boolean {
  const surplus = surplusOf(currencyCode);
  return surplus <= 0 || amount % 10n ** BigInt(surplus) === 0n;
}

/** An amount of Stripe's as people write it, with nothing left out: "54.50 ISK". */
export function formatStripeAmount(currencyCode: string, amount: bigint): string {
  return `${formatUnits(amount, unitsOf(currencyCode).decimals)} ${currencyCode}`;
}

/** How Stripe counts a currency; one that is in no table, as minor units are counted there. */
export function unitsOf(currencyCode: string): Pick<StripeUnits, 'decimals' | 'step'> {
  return STRIPE_UNITS.get(currencyCode) ?? { decimals: decimalsOf(currencyCode), step: 1n };
}

function decimalsOf(currencyCode: string): number {
  return currencyOf(currencyCode)?.decimals ?? 2;
}

/** How many decimals more Stripe counts a currency with than ISO 4217 has. */
function surplusOf(currencyCode: string): number {
  return unitsOf(currencyCode).decimals - decimalsOf(currencyCode);
}

function toMinorUnits(currencyCode: string, amount: bigint): bigint {
  const surplus = surplusOf(currencyCode);
  return surplus > 0 ? amount / 10n ** BigInt(surplus) : amount * 10n ** BigInt(-surplus);
}
