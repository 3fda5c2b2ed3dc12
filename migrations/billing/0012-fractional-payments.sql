-- name: 2026-12-02-fractional-payments
-- Whether minor units cannot say a payment is a column of its own. An index whose condition names the amounts
-- has every change of them written to all indexes of the table (no heap-only update), though the condition
-- holds of no row before or after.

drop index payments_fractional;

alter table payments add column fractional boolean not null generated always as (currency in ('ISK', 'UGX') and (amount % 100 <> 0 or captured % 100 <> 0 or refunded % 100 <> 0)) stored;

create index payments_fractional on payments (id) where fractional;

-- down

alter table payments drop column fractional;
create index payments_fractional on payments (id) where currency in ('ISK', 'UGX') and (amount % 100 <> 0 or captured % 100 <> 0 or refunded % 100 <> 0);
