-- name: 2026-11-20-booking-money
-- Vendors, pets and payments of bookings. `standing` is the status that people set, when payments have
-- changed it since; null means that `status` is. The billing service reports payments as a whole, so their
-- columns are set together. The index of users includes the filter columns of lists, so that many users are
-- filtered without their rows.

alter table bookings
  add column vendor_id uuid,
  add column pet_ids uuid[] not null default '{}',
  add column standing text,
  add column paid_minor_units bigint,
  add column refunded_minor_units bigint,
  add column payment_currency text,
  add column payment_revision bigint,
  add constraint bookings_pets check (cardinality(pet_ids) <= 20),
  add constraint bookings_standing
    check (standing in ('PENDING', 'PAID', 'COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED') and standing <> status),
  add constraint bookings_payment_whole
    check (num_nulls(paid_minor_units, refunded_minor_units, payment_currency, payment_revision) in (0, 4)),
  add constraint bookings_paid check (paid_minor_units >= 0),
  add constraint bookings_refunded check (refunded_minor_units between 0 and paid_minor_units),
  add constraint bookings_payment_currency check (payment_currency ~ '^[A-Z]{3}$'),
  add constraint bookings_payment_revision check (payment_revision >= 0);

create index bookings_start_date on bookings (tenant_id, start_date, id);

create index bookings_status on bookings (tenant_id, status, create_time, id);

create index bookings_status_start_date on bookings (tenant_id, status, start_date, id);

create index bookings_vendor on bookings (tenant_id, vendor_id, create_time, id) where vendor_id is not null;

create index bookings_vendor_start_date on bookings (tenant_id, vendor_id, start_date, id)
  where vendor_id is not null;

create index bookings_of_user on bookings (tenant_id, user_id, create_time, id)
  include (start_date, status, vendor_id) where user_id is not null;

drop index bookings_user;

-- down

create index bookings_user on bookings (tenant_id, user_id, create_time, id);
drop index bookings_of_user, bookings_start_date, bookings_status, bookings_status_start_date, bookings_vendor,
  bookings_vendor_start_date;
alter table bookings drop column vendor_id, drop column pet_ids, drop column standing,
  drop column paid_minor_units, drop column refunded_minor_units, drop column payment_currency,
  drop column payment_revision;
