-- name: 2026-11-20-pets-and-reviews
-- Pets, which belong to this domain, and reviews. Users are named by their ids alone, as everywhere here.
-- `made_by_request` remembers which request made which of them, also after it was removed, so that a late
-- repeat does not make it again.

create table made_by_request (
  tenant_id text not null,
  request_id uuid not null,
  fingerprint bytea not null,
  made_id uuid not null,
  create_time timestamptz(3) not null,
  primary key (tenant_id, request_id)
);

create table pets (
  tenant_id text not null,
  id uuid not null,
  user_id uuid not null,
  name text not null check (char_length(name) between 1 and 100),
  species text not null check (char_length(species) between 1 and 60),
  breed text not null check (char_length(breed) <= 100),
  birth_date date,
  care_notes text not null check (char_length(care_notes) <= 2000),
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id)
);

create index pets_create_time on pets (tenant_id, create_time, id);

create index pets_user on pets (tenant_id, user_id, create_time, id);

create table reviews (
  tenant_id text not null,
  id uuid not null,
  booking_id uuid not null,
  customer_id uuid not null,
  vendor_id uuid not null,
  rating smallint not null check (rating between 1 and 5),
  text text not null check (char_length(text) <= 4000),
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  constraint reviews_booking unique (tenant_id, booking_id),
  foreign key (tenant_id, booking_id) references bookings (tenant_id, id)
);

create index reviews_create_time on reviews (tenant_id, create_time, id);

create index reviews_customer on reviews (tenant_id, customer_id, create_time, id);

create index reviews_vendor on reviews (tenant_id, vendor_id, create_time, id) include (rating);

-- down

drop table reviews;
drop table pets;
drop table made_by_request;
