import type { StripeKind, StripeObject } from '../ledger/stripe-object.ts';
import { type Form, type StripeAccount, StripeRefusal } from './stripe-account.ts';

/** A request that passed the rules. */
interface StripeRequest {
  readonly method: string;
  /** Without the query: "/v1/refunds". */
  readonly path: string;
  /** The fields of the query or the body. */
  readonly form: Form;
}

const KINDS: ReadonlyMap<string, StripeKind> = new Map(
  Object.entries<StripeKind>({
    customers: 'customer',
    subscriptions: 'subscription',
    invoices: 'invoice',
    payment_intents: 'payment_intent',
    charges: 'charge',
    refunds: 'refund',
    disputes: 'dispute',
  }),
);

/**
 * Routes a request to the account.
 * @throws StripeRefusal when the account refuses it.
 */
export function answerOf(account: StripeAccount, { method, path, form }: StripeRequest): object {
  const [collection = '', id, action] = path.replace('/v1/', '').split('/');
  if (method === 'POST' && action === 'attach') return { id, object: 'payment_method' };
  const kind = KINDS.get(collection);
  if (!kind) throw new StripeRefusal(404, 'url_unknown');
  if (method === 'GET')
    return id ? account.find(kind, id) : pageOf(account.list(kind).map(expand(account, form)), form);
  if (kind === 'customer' && id && method === 'DELETE') {
    const { id: deleted } = account.find(kind, id);
    account.remove(kind, deleted);
    return { id: deleted, object: kind, deleted: true };
  }
  if (kind === 'subscription' && id)
    return account.changeSubscription(
      id,
      method === 'DELETE'
        ? { status: 'canceled' }
        : { cancel_at_period_end: form.get('cancel_at_period_end') === 'true' },
    );
  return create(account, kind, form);
}

// Stripe includes the objects that a request expands, otherwise only their ids.
function expand(account: StripeAccount, form: Form): (object: StripeObject) => StripeObject {
  return form.has('expand[0]') ? (object) => account.expanded(object) : (object) => object;
}

function create(account: StripeAccount, kind: StripeKind, form: Form): StripeObject {
  switch (kind) {
    case 'customer':
      return account.createCustomer(form);
    case 'subscription':
      return account.createSubscription(form);
    case 'payment_intent':
      return account.createPaymentIntent(form);
    case 'refund':
      return account.createRefund(form);
    default:
      throw new StripeRefusal(404, 'url_unknown');
  }
}

function pageOf(objects: readonly StripeObject[], form: Form): object {
  const from = Number(form.get('created[gte]') ?? 0);
  const before = Number(form.get('created[lt]') ?? Number.POSITIVE_INFINITY);
  const customer = form.get('customer');
  const wanted = objects.filter(
    (each) =>
      Number(each.created) >= from &&
      Number(each.created) < before &&
      (!customer || each.customer === customer),
  );
  const after = form.get('starting_after');
  const start = after ? wanted.findIndex(({ id }) => id === after) + 1 : 0;
  if (after && start === 0) throw new StripeRefusal(404, 'resource_missing');
  const limit = Number(form.get('limit') ?? 10);
  const data = wanted.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < wanted.length, url: '/v1' };
}
