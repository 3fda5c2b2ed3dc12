import type { Allowed } from './columns.test-support.ts';

/** What every service has. */
const ENDINGS: Readonly<Record<string, string>> = {
  '.tenant_id': 'Which tenant: letters and digits that the operator chose.',
  fingerprint: 'A digest of what was asked.',
  currency: 'ISO 4217, three letters.',
};

const USER_ACCESS: Readonly<Record<string, string>> = {
  'user_feed.cursor': 'How far the change feed was followed: a place, not a person.',
};

const STRIPE_ID = 'An id that Stripe made.';

/**
 * Why a column of booking, vendor or billing that could hold the name, the e-mail address or the phone number
 * of a user does not, or may. A new column that could is not here, and that is the point.
 */
export const ALLOWED: Readonly<Record<'booking' | 'vendor' | 'billing', Allowed>> = {
  booking: {
    endings: ENDINGS,
    columns: {
      ...USER_ACCESS,
      'bookings.contact_details':
        'THE LEGACY EXCEPTION: what a booking was made with, kept as evidence, never matched against users; cleared when the user is erased.',
      'bookings.reference': 'What the booking is called, chosen by the service or an import: [A-Za-z0-9-].',
      'bookings.standing':
        'A status, of the same list as `status`: what the booking is but for its payments.',
      'bookings.other_payments': 'What came in in other currencies: codes and amounts.',
      'bookings.title': 'What was booked: a house and a room.',
      'pets.name': "A pet's name, which is nobody's.",
      'pets.species': 'What a pet is.',
      'pets.breed': 'The breed of a pet.',
      'pets.birth_date': 'When a pet was born.',
      'pets.care_notes': 'What those who look after a pet must know of it.',
      'reviews.text': 'What a customer wrote to be read by everybody, about a stay.',
    },
  },
  vendor: {
    endings: ENDINGS,
    columns: {
      ...USER_ACCESS,
      'vendors.business_license': 'Number of a licence to trade; the name of the business is the user’s.',
      'vendors.service_areas':
        'Countries, regions and beginnings of postal codes: where a vendor works, not lives.',
      'vendors.verification_note': 'Why the state is what it is: about papers, for those who run the tenant.',
      'vendor_countries.country_code': 'ISO 3166-1, two letters.',
      'activities.title': 'What is offered, in a line.',
      'activities.description': 'What is offered, at length.',
    },
  },
  billing: {
    endings: { ...ENDINGS, stripe_id: STRIPE_ID },
    columns: {
      ...USER_ACCESS,
      'invoices.profile':
        'THE LEGAL EXCEPTION: whom an invoice was issued to, as the user was called then; frozen, never read for anything else.',
      'areas.code': 'What an area is called by programs.',
      'areas.title': 'What an area is called by people: a part of the world.',
      'areas.country_codes': 'ISO 3166-1, two letters each.',
      'plans.code': 'What a plan is called by programs.',
      'plans.title': 'What a plan is called by people.',
      'plan_prices.stripe_price_id': STRIPE_ID,
      'customers.stripe_customer_id': STRIPE_ID,
      'subscriptions.stripe_price_id': STRIPE_ID,
      'subscriptions.stripe_payment_method_id': STRIPE_ID,
      'subscriptions.stripe_subscription_id': STRIPE_ID,
      'invoices.stripe_invoice_id': STRIPE_ID,
      'invoice_lines.description': 'What is charged for, in a line.',
      'payments.stripe_payment_intent_id': STRIPE_ID,
      'payments.stripe_customer_id': STRIPE_ID,
      'payments_to_derive.key': STRIPE_ID,
      'payments.stripe_charge_id': STRIPE_ID,
      'payments.stripe_invoice_id': STRIPE_ID,
      'payments.failure_code': 'A code of Stripe: "card_declined".',
      'refunds.stripe_refund_id': STRIPE_ID,
      'refunds.reason': 'A word of Stripe: "requested_by_customer".',
      'refunds.failure_reason': 'A word of Stripe: "expired_or_canceled_card".',
      'disputes.stripe_dispute_id': STRIPE_ID,
      'disputes.reason': 'A word of Stripe: "fraudulent".',
      'payment_events.stripe_event_id': STRIPE_ID,
      'payment_events.type': 'A type of Stripe: "charge.refunded".',
      'stripe_events.id': STRIPE_ID,
      'stripe_events.type': 'A type of Stripe.',
      'stripe_events.api_version': "A version of Stripe's API.",
      'stripe_events.object_kind': 'What an event is about: "charge".',
      'stripe_events.object_id': STRIPE_ID,
      'stripe_events.payment_intent': STRIPE_ID,
      'stripe_events.payload': 'Facts picked out of an event by name: states, amounts, ids; never the rest.',
      'stripe_events.last_error': 'What went wrong when it was applied; errors repeat no payload.',
      'stripe_events.account': STRIPE_ID,
      'stripe_objects.account': STRIPE_ID,
      'payments.stripe_account': STRIPE_ID,
      'stripe_objects.id': STRIPE_ID,
      'stripe_objects.payment_intent': STRIPE_ID,
      'stripe_objects.charge': STRIPE_ID,
      'stripe_objects.digest': 'A digest of the facts.',
      'stripe_objects.payload': 'The same facts, of one object.',
      'reconcile_drift.kind': 'What differs: a kind of object of Stripe.',
      'reconcile_drift.class': 'How it differs: a word of ours.',
      'reconcile_drift.id': STRIPE_ID,
      'reconcile_drift.here': 'What is here: a state, an amount.',
      'reconcile_drift.there': 'What Stripe has: a state, an amount.',
      'reconcile_drift.note': 'What came of the repair: a sentence of ours.',
      'reconcile_runs.after_id': STRIPE_ID,
      'reconcile_seen.id': STRIPE_ID,
    },
  },
};
