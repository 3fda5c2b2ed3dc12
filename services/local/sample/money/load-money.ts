import { setTimeout as sleep } from 'node:timers/promises';
import type { PaymentState } from '@rollcall/contract/billing';
import type { SampleClients } from '../sample-clients.ts';
import { SAMPLE_TENANT } from '../sample-users.ts';
import type { BookingInvoice } from './booking-invoices.ts';
import type { PaidBooking } from './payment-webhook.ts';
import {
  SAMPLE_AREAS,
  SAMPLE_PLANS,
  type SampleCustomer,
  type SamplePlan,
  SUBSCRIBED_PLAN,
} from './sample-plans.ts';

const tenantId = SAMPLE_TENANT;
const PAGE = 500;
// Each poll reads every payment, which slows applying them.
const POLL_MS = 250;
/** How long payments may take to be applied. Milliseconds. Billing goes on after that. Our own choice. */
const APPLIED_WITHIN_MS = 30_000;

/** Ids of areas and plans, by code. */
export interface PlanIds {
  readonly areas: ReadonlyMap<string, string>;
  readonly plans: ReadonlyMap<string, string>;
}

/** Creates missing areas and plans. */
export async function loadPlans({ plans: client }: SampleClients): Promise<PlanIds> {
  const known = await client.listAreas({ tenantId, pageSize: PAGE });
  const areas = new Map(known.areas.map(({ code, id }) => [code, id]));
  for (const { countryCodes, ...area } of SAMPLE_AREAS) {
    if (areas.has(area.code)) continue;
    const made = await client.createArea({ tenantId, area: { ...area, countryCodes: [...countryCodes] } });
    areas.set(area.code, made.area?.id ?? '');
  }
  const there = await client.listPlans({ tenantId, pageSize: PAGE, withRetired: true });
  const plans = new Map(there.plans.map(({ code, id }) => [code, id]));
  const retired = new Set(there.plans.filter(({ retired: isRetired }) => isRetired).map(({ code }) => code));
  for (const plan of SAMPLE_PLANS) {
    const id = plans.get(plan.code) ?? (await makePlan(client, plan, areas));
    plans.set(plan.code, id);
    if (!plan.isRetired || retired.has(plan.code)) continue;
    await client.updatePlan({ tenantId, plan: { id, retired: true }, updateMask: { paths: ['retired'] } });
  }
  return { areas, plans };
}

async function makePlan(
  client: SampleClients['plans'],
  { code, title, interval, prices }: SamplePlan,
  areas: PlanIds['areas'],
): Promise<string> {
  const priced = SAMPLE_AREAS.map((area) => {
    const minorUnits = prices[area.code];
    return {
      areaId: areas.get(area.code) ?? '',
      amount: { currencyCode: area.currencyCode, minorUnits },
      // A price of no Stripe account. To charge for a plan, set another price with UpdatePlan.
      stripePriceId: minorUnits > 0n ? `price_Sample${code}${area.currencyCode}` : '',
    };
  });
  const { plan } = await client.createPlan({ tenantId, plan: { code, title, interval, prices: priced } });
  return plan?.id ?? '';
}

/** Subscribes a customer, and cancels the subscription when the sample says so. */
export async function loadCustomer(
  { customers }: SampleClients,
  { request, areaCode, end }: SampleCustomer,
  { areas, plans }: PlanIds,
): Promise<void> {
  const [planId, areaId] = [plans.get(SUBSCRIBED_PLAN) ?? '', areas.get(areaCode) ?? ''];
  await customers.subscribe({ ...request, planId, areaId });
  if (end) await customers.cancelSubscription(end);
}

/** Issues the invoice of a booking, and voids it when the sample says so. */
export async function loadInvoice(
  { invoices }: SampleClients,
  { requestId, isVoided }: BookingInvoice,
  { bookingId, userId, amount, title }: PaidBooking & { readonly title: string },
): Promise<void> {
  const lines = [{ description: title, amount, bookingId }];
  const { invoice } = await invoices.issueInvoice({ tenantId, requestId, userId, lines });
  if (isVoided && invoice) await invoices.voidInvoice({ tenantId, id: invoice.id });
}

/**
 * Waits until billing has applied all payments, at most `APPLIED_WITHIN_MS`.
 * @param states final states, by payment intent
 * @returns how many payments have their final state
 */
export async function countPayments(clients: SampleClients, states: PaymentStates): Promise<number> {
  const deadline = performance.now() + APPLIED_WITHIN_MS;
  for (;;) {
    const shown = await shownPayments(clients, states);
    if (shown >= states.size || performance.now() >= deadline) return shown;
    await sleep(POLL_MS);
  }
}

/** Final states of payments, by payment intent. */
export type PaymentStates = ReadonlyMap<string, PaymentState>;

async function shownPayments({ payments: client }: SampleClients, states: PaymentStates): Promise<number> {
  let [shown, pageToken] = [0, ''];
  do {
    const { payments, nextPageToken } = await client.listPayments({ tenantId, pageSize: PAGE, pageToken });
    shown += payments.filter((each) => states.get(each.stripePaymentIntentId) === each.state).length;
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return shown;
}
