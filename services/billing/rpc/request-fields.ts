import type { Money as MoneyMessage } from '@rollcall/contract';
import { isMomentMs } from '@rollcall/contract/request-content';
import { type PageRequest, pageByPosition, type RequestedPage } from '@rollcall/runtime/rpc';
import { isId } from '../ledger/read-fields.ts';
import type { Money } from '../money.ts';
import type { EventPosition } from '../payments/payment-store.ts';

/**
 * Reads the page request for a list that is ordered by code.
 * @throws RpcError PAGE_TOKEN_INVALID when the token is not for this list.
 */
export function codePageFrom(request: PageRequest, asked: readonly unknown[]): RequestedPage<string> {
  return pageByPosition(request, asked, isCode);
}

/**
 * Reads the page request for the Stripe events of a payment, which are ordered by time and Stripe's id.
 * @throws RpcError PAGE_TOKEN_INVALID when the token is not for this list.
 */
export function eventPageFrom(request: PageRequest, asked: readonly unknown[]): RequestedPage<EventPosition> {
  return pageByPosition(request, asked, isEventPosition);
}

// A token is unsigned, so its content must be checked.
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][a-z0-9_-]{0,62}$/.test(value);
}

function isEventPosition(value: unknown): value is EventPosition {
  const { timeMs, id } = (value ?? {}) as Partial<EventPosition>;
  return isMomentMs(timeMs) && isId(id);
}

/** Maps an amount that the field rules have checked. */
export function moneyFromMessage(money: MoneyMessage | undefined): Money {
  return { currencyCode: money?.currencyCode ?? '', minorUnits: money?.minorUnits ?? 0n };
}
