import type { Money as MoneyMessage } from '@rollcall/contract';
import { isMomentMs } from '@rollcall/contract/request-content';
import { type AskedPage, type PageRequest, pageByPosition } from '@rollcall/runtime/rpc';
import { isId } from '../ledger/read-fields.ts';
import type { Money } from '../money.ts';
import type { EventPosition } from '../payments/payment-store.ts';

/** The page that is asked for of a list that is ordered by code. Throws RpcError PAGE_TOKEN_INVALID. */
export function codePageFrom(request: PageRequest, asked: readonly unknown[]): AskedPage<string> {
  return pageByPosition(request, asked, isCode);
}

/** The same of what Stripe told of a payment, which is ordered by time and then by Stripe's id. */
export function eventPageFrom(request: PageRequest, asked: readonly unknown[]): AskedPage<EventPosition> {
  return pageByPosition(request, asked, isEventPosition);
}

// Anybody can write a token that looks like ours.
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][a-z0-9_-]{0,62}$/.test(value);
}

function isEventPosition(value: unknown): value is EventPosition {
  const { timeMs, id } = (value ?? {}) as Partial<EventPosition>;
  return isMomentMs(timeMs) && isId(id);
}

/** An amount that field rules have made sure of. */
export function moneyFromMessage(money: MoneyMessage | undefined): Money {
  return { currencyCode: money?.currencyCode ?? '', minorUnits: money?.minorUnits ?? 0n };
}
