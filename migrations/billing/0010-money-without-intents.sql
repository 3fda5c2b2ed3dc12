-- name: 2026-12-02-money-without-intents
-- Money that came without a payment intent is a payment too: by a charge of its own, or by an invoice that
-- says it was paid. The key of such a payment, `stripe_payment_intent_id`, is the id of the charge or the
-- invoice. When money came in and went back, by Stripe, stands beside when it was recorded; null for what was
-- recorded before, until something is told of it. `ever_refunded`: the most that ever went back, with what
-- was given back again, so that a refund that is told again is not told to others again.

alter table payments add column stripe_charge_id text, add column stripe_invoice_id text,
  add column capture_time timestamptz(3), add column refund_time timestamptz(3),
  add column ever_refunded bigint not null default 0;

update stripe_objects set payment_intent = id where kind = 'charge' and payment_intent is null;

update stripe_objects o set payment_intent = c.payment_intent from stripe_objects c
  where o.kind in ('refund', 'dispute') and o.payment_intent is null and c.id = o.charge and c.kind = 'charge';

update stripe_events e set payment_intent = o.payment_intent from stripe_objects o
  where e.payment_intent is null and o.id = e.object_id and o.kind in ('charge', 'refund', 'dispute')
    and o.payment_intent is not null;

insert into payments_to_derive
  select id from stripe_objects where kind = 'charge' and payment_intent = id on conflict do nothing;

-- down

create temporary table money_without_intents on commit drop as
  select id, stripe_payment_intent_id as key from payments
  where stripe_charge_id is not null or stripe_invoice_id is not null;
delete from refunds r using money_without_intents p where r.payment_id = p.id;
delete from disputes d using money_without_intents p where d.payment_id = p.id;
delete from payments p using money_without_intents m where p.id = m.id;
update stripe_objects o set payment_intent = null from money_without_intents m where o.payment_intent = m.key;
update stripe_events e set payment_intent = null from money_without_intents m where e.payment_intent = m.key;
alter table payments drop column stripe_charge_id, drop column stripe_invoice_id,
  drop column capture_time, drop column refund_time, drop column ever_refunded;
