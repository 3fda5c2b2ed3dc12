import { STRIPE_KINDS, type StripeKind, type StripeObject } from '../ledger/stripe-object.ts';
import { STRIPE_UNITS } from '../money.ts';
import { chargeSample, refundSample } from '../stripe/samples/charge.ts';
import { customerSample } from '../stripe/samples/customer-events.ts';
import { paymentIntentSample } from '../stripe/samples/payment-intent.ts';
import { idBeside, randomLetters, type SamplePayment } from '../stripe/samples/sample-payment.ts';
import { subscriptionSample } from '../stripe/samples/subscription.ts';

/** The fields of a form in the notation of Stripe's package: `metadata[user_id]`. */
export type Form = ReadonlyMap<string, string>;

/** A refusal of the fake Stripe. */
export class StripeRefusal extends Error {
  override readonly name = 'StripeRefusal';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** The objects of the fake Stripe, and its calls on them. */
export class StripeAccount {
  readonly #objects = new Map<StripeKind, Map<string, StripeObject>>(
    STRIPE_KINDS.map((kind) => [kind, new Map()]),
  );
  // By subscription: the expanded form of the first invoice.
  readonly #firstInvoices = new Map<string, object>();
  readonly #now: () => number;

  /** @param now the clock, in s since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds or replaces an object. */
  put(object: { readonly id: string; readonly object: string }): void {
    this.#of(object.object as StripeKind).set(object.id, object as StripeObject);
  }

  remove(kind: StripeKind, id: string): void {
    this.#of(kind).delete(id);
  }

  find(kind: StripeKind, id: string): StripeObject {
    const found = this.#of(kind).get(id);
    if (!found) throw new StripeRefusal(404, 'resource_missing');
    return found;
  }

  /** Newest first; within one second in the order of creation. */
  list(kind: StripeKind): StripeObject[] {
    return [...this.#of(kind).values()].toSorted((a, b) => Number(b.created) - Number(a.created));
  }

  createCustomer(form: Form): StripeObject {
    const id = `cus_${randomLetters(14)}`;
    return this.#keep(customerSample({ id, created: this.#now(), metadata: metadataOf(form) }));
  }

  createSubscription(form: Form): StripeObject {
    const customer = form.get('customer') ?? '';
    this.find('customer', customer);
    const terms = { customer, price: form.get('items[0][price]') ?? '', amount: 900, currency: 'eur' };
    const id = `sub_${randomLetters(14)}`;
    const invoice = { id: `in_${randomLetters(14)}`, confirmation_secret: { client_secret: `${id}_secret` } };
    const made = subscriptionSample(
      { ...terms, id, created: this.#now(), metadata: metadataOf(form), latestInvoice: invoice.id },
      { status: 'incomplete' },
    );
    this.put(made);
    this.#firstInvoices.set(id, invoice);
    return this.expanded(made as unknown as StripeObject);
  }

  /** Replaces the invoice id of a subscription by the invoice. Other objects stay as they are. */
  expanded(object: StripeObject): StripeObject {
    const invoice = this.#firstInvoices.get(object.id);
    return invoice ? { ...object, latest_invoice: invoice } : object;
  }

  changeSubscription(id: string, change: object): StripeObject {
    const before = this.find('subscription', id);
    if (before.status === 'canceled') throw new StripeRefusal(404, 'resource_missing');
    return this.#keep({ ...before, ...change });
  }

  createPaymentIntent(form: Form): StripeObject {
    const payment: SamplePayment = {
      id: `pi_${randomLetters(24)}`,
      amount: Number(form.get('amount')),
      currency: form.get('currency') ?? '',
      created: this.#now(),
      customer: null,
      metadata: metadataOf(form),
    };
    requirePayable(payment);
    if (payment.amount < 50) throw new StripeRefusal(400, 'amount_too_small');
    return this.#keep(paymentIntentSample(payment, { status: 'requires_payment_method' }));
  }

  /** Completes a payment: the intent succeeds, and a charge is created. */
  pay(intentId: string): void {
    const payment = this.#paymentOf(intentId);
    this.put(paymentIntentSample(payment, { status: 'succeeded' }));
    this.put(chargeSample(payment, { status: 'succeeded' }));
  }

  createRefund(form: Form): StripeObject {
    const byCharge = form.get('charge');
    const payment = this.#paymentOf(form.get('payment_intent') ?? this.#intentOf(byCharge ?? ''));
    requirePayable({ ...payment, amount: Number(form.get('amount')) });
    const charge = this.#of('charge').get(idBeside(payment, 'ch'));
    if (!charge) throw new StripeRefusal(400, 'payment_intent_unexpected_state');
    const [before, amount] = [Number(charge.amount_refunded), Number(form.get('amount'))];
    if (before === payment.amount) throw new StripeRefusal(400, 'charge_already_refunded');
    if (before + amount > payment.amount) throw new StripeRefusal(400, 'amount_too_large');
    this.put(chargeSample(payment, { status: 'succeeded', refunded: before + amount }));
    const number = this.list('refund').filter((each) => each.payment_intent === payment.id).length + 1;
    const refund = refundSample(payment, { status: 'succeeded', amount, number });
    const own = {
      ...(byCharge && { charge: byCharge, payment_intent: null }),
      created: this.#now(),
      reason: form.get('reason') ?? null,
      metadata: metadataOf(form),
    };
    return this.#keep(Object.assign(refund, own));
  }

  #of(kind: StripeKind): Map<string, StripeObject> {
    const objects = this.#objects.get(kind);
    if (!objects) throw new Error(`The stand-in keeps no "${kind}"`);
    return objects;
  }

  #keep(object: { readonly id: string; readonly object: string }): StripeObject {
    this.put(object);
    return object as StripeObject;
  }

  // Every charge has an intent here, also one that a test presents as having none.
  #intentOf(chargeId: string): string {
    return String(this.find('charge', chargeId).payment_intent);
  }

  #paymentOf(id: string): SamplePayment {
    const { amount, currency, created, customer, metadata } = this.find('payment_intent', id);
    return { id, amount, currency, created, customer, metadata } as SamplePayment;
  }
}

// https://support.stripe.com/questions/deprecation-of-fractional-isk-charges-and-refunds
function requirePayable({ amount, currency }: Pick<SamplePayment, 'amount' | 'currency'>): void {
  const units = STRIPE_UNITS.get(currency.toUpperCase());
  if (!units || currency !== currency.toLowerCase()) throw new StripeRefusal(400, 'invalid_currency');
  if (BigInt(amount) % units.step !== 0n)
    throw new StripeRefusal(400, 'invalid_charge_amount_no_decimal_compatible');
}

function metadataOf(form: Form): Record<string, string> {
  const entries = [...form].flatMap(([key, value]) => {
    const [, name] = /^metadata\[(\w+)\]$/.exec(key) ?? [];
    return name ? [[name, value]] : [];
  });
  return Object.fromEntries(entries);
}
