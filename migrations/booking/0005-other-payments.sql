-- name: 2026-12-02-other-payments
-- What came in for a booking in other currencies than `payment_currency`: `[{"currencyCode", "paid",
-- "refunded"}]`, numbers as text; null: nothing did.

alter table bookings add column other_payments jsonb,
  add constraint bookings_other_payments
    check (other_payments is null or (jsonb_typeof(other_payments) = 'array' and payment_currency is not null));

-- down

alter table bookings drop column other_payments;
