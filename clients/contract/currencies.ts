/** A currency of amounts. */
export interface Currency {
  /** ISO 4217 code, upper case. */
  readonly code: string;
  /** Decimals of its smallest unit: 2 for EUR, 0 for JPY. */
  readonly decimals: number;
  /** `active`: legal tender. `fund`: a unit of account. `withdrawn`: no longer legal tender. */
  readonly kind: 'active' | 'fund' | 'withdrawn';
}

/**
 * All currencies of ISO 4217 with a smallest unit, by code: list one as of 2026-01-01, and the codes of list
 * three that Stripe has used. Intl follows CLDR, in which a forint or an afghani has no decimals. XAU, XDR,
 * XTS and XXX have no smallest unit.
 */
export const CURRENCIES: ReadonlyMap<string, Currency> = new Map(
  [
    ...currencies('active', 0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'),
    ...currencies(
      'active',
      2,
      `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
       CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
       JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
       NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
       SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
    ),
    ...currencies('active', 3, 'BHD IQD JOD KWD LYD OMR TND'),
    ...currencies('fund', 0, 'UYI'),
    ...currencies('fund', 2, 'BOV CHE CHW COU MXV USN XAD'),
    ...currencies('fund', 4, 'CLF UYW'),
    ...currencies('withdrawn', 2, 'ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZWL'),
  ].map((each) => [each.code, each]),
);

/** The currency of an upper-case code. Undefined: ISO 4217 has none with a smallest unit. */
export function currencyOf(code: string): Currency | undefined {
  return CURRENCIES.get(code);
}

/**
 * Formats an amount exactly: 1999 with 2 decimals is "19.99".
 * @param units whole number of the smallest unit
 */
export function formatUnits(units: bigint, decimals: number): string {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return units < 0n ? `-${text}` : text;
}

function currencies(kind: Currency['kind'], decimals: number, codes: string): Currency[] {
  return codes.split(/\s+/).map((code) => ({ code, decimals, kind }));
}
