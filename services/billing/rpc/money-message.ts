import type { Money as MoneyMessage } from '@rollcall/contract';
import type { Money } from '../money.ts';

/** An amount that field rules have made sure of. */
export function moneyFromMessage(money: MoneyMessage | undefined): Money {
  return { currencyCode: money?.currencyCode ?? '', minorUnits: money?.minorUnits ?? 0n };
}
