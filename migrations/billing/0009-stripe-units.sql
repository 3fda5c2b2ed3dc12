-- name: 2026-12-02-stripe-units
-- Amounts of payments stay in Stripe's units, which differ from ISO 4217 for ISK, UGX and MGA. The index has
-- payments that minor units cannot express. Payments in these currencies, or in several, are reported again:
-- they were taken for minor units or left out. A database without an outbox has no payments.

create index payments_fractional on payments (id)
  where currency in ('ISK', 'UGX') and (amount % 100 <> 0 or captured % 100 <> 0 or refunded % 100 <> 0);

do $$ begin
      if to_regprocedure('outbox.add_jobs(json)') is null then return; end if;

  perform outbox.add_jobs(coalesce(json_agg(json_build_object('task', 'booking.payment', 'payload', json_build_object('tenantId', tenant_id, 'bookingId', booking_id),
      'key', 'booking.payment:' || key, 'run_at', now() + interval '15 minutes', 'max_attempts', 12)), '[]'))
    from (select tenant_id, booking_id, tenant_id || '/' || booking_id as key from payments
          where booking_id is not null and captured > 0 group by tenant_id, booking_id
          having bool_or(currency in ('ISK', 'UGX', 'MGA')) or count(distinct currency) > 1) as told;

  perform outbox.add_jobs(coalesce(json_agg(json_build_object('task', 'user.statistics', 'payload', json_build_object('tenantId', tenant_id, 'userId', user_id),
      'key', 'user.statistics:' || key, 'run_at', now() + interval '15 minutes', 'max_attempts', 12)), '[]'))
    from (select tenant_id, user_id, tenant_id || '/' || user_id as key from payments
          where user_id is not null and captured > 0 group by tenant_id, user_id
          having bool_or(currency in ('ISK', 'UGX', 'MGA'))) as told;
    end $$;

-- down

drop index payments_fractional;
