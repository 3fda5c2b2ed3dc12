-- Schema and applied migrations of the booking database at version 0.1.0, by pg_dump.

SET check_function_bodies = false;

CREATE TABLE public.bookings (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    user_id uuid,
    contact_details jsonb,
    status text NOT NULL,
    start_date date NOT NULL,
    end_date date NOT NULL,
    amount_minor_units bigint,
    amount_currency text,
    title text DEFAULT ''::text NOT NULL,
    request_id uuid,
    request_fingerprint bytea,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    vendor_id uuid,
    pet_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    standing text,
    paid_minor_units bigint,
    refunded_minor_units bigint,
    payment_currency text,
    payment_revision bigint,
    other_payments jsonb,
    activity_time timestamp(3) with time zone,
    CONSTRAINT bookings_check CHECK ((end_date >= start_date)),
    CONSTRAINT bookings_check1 CHECK (((amount_minor_units IS NULL) = (amount_currency IS NULL))),
    CONSTRAINT bookings_check2 CHECK (((request_id IS NULL) = (request_fingerprint IS NULL))),
    CONSTRAINT bookings_other_payments CHECK (((other_payments IS NULL) OR ((jsonb_typeof(other_payments) = 'array'::text) AND (payment_currency IS NOT NULL)))),
    CONSTRAINT bookings_paid CHECK ((paid_minor_units >= 0)),
    CONSTRAINT bookings_payment_currency CHECK ((payment_currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT bookings_payment_revision CHECK ((payment_revision >= 0)),
    CONSTRAINT bookings_payment_whole CHECK ((num_nulls(paid_minor_units, refunded_minor_units, payment_currency, payment_revision) = ANY (ARRAY[0, 4]))),
    CONSTRAINT bookings_pets CHECK ((cardinality(pet_ids) <= 20)),
    CONSTRAINT bookings_refunded CHECK (((refunded_minor_units >= 0) AND (refunded_minor_units <= paid_minor_units))),
    CONSTRAINT bookings_standing CHECK (((standing = ANY (ARRAY['PENDING'::text, 'PAID'::text, 'COMPLETED'::text, 'ATTENDED'::text, 'CANCELLED'::text, 'REFUNDED'::text])) AND (standing <> status))),
    CONSTRAINT bookings_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'PAID'::text, 'COMPLETED'::text, 'ATTENDED'::text, 'CANCELLED'::text, 'REFUNDED'::text])))
);

CREATE TABLE public.erased_users (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    erase_time timestamp(3) with time zone NOT NULL,
    clear_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.made_by_request (
    tenant_id text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    made_id uuid NOT NULL,
    create_time timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.mikro_orm_migrations (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    executed_at timestamp(6) with time zone DEFAULT CURRENT_TIMESTAMP(6) NOT NULL
);

CREATE SEQUENCE public.mikro_orm_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.mikro_orm_migrations_id_seq OWNED BY public.mikro_orm_migrations.id;

CREATE TABLE public.pets (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    species text NOT NULL,
    breed text NOT NULL,
    birth_date date,
    care_notes text NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT pets_breed_check CHECK ((char_length(breed) <= 100)),
    CONSTRAINT pets_care_notes_check CHECK ((char_length(care_notes) <= 2000)),
    CONSTRAINT pets_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT pets_species_check CHECK (((char_length(species) >= 1) AND (char_length(species) <= 60)))
);

CREATE TABLE public.reviews (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    booking_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    vendor_id uuid NOT NULL,
    rating smallint NOT NULL,
    text text NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT reviews_rating_check CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT reviews_text_check CHECK ((char_length(text) <= 4000))
);

CREATE TABLE public.told_statistics (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    revision bigint NOT NULL
);

CREATE TABLE public.user_aliases (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    CONSTRAINT user_aliases_check CHECK ((user_id <> survivor_id))
);

CREATE TABLE public.user_feed (
    is_only boolean DEFAULT true NOT NULL,
    cursor text NOT NULL,
    CONSTRAINT user_feed_is_only_check CHECK (is_only)
);

CREATE TABLE public.user_feed_tenants (
    tenant_id text NOT NULL
);

ALTER TABLE ONLY public.mikro_orm_migrations ALTER COLUMN id SET DEFAULT nextval('public.mikro_orm_migrations_id_seq'::regclass);

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.erased_users
    ADD CONSTRAINT erased_users_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.made_by_request
    ADD CONSTRAINT made_by_request_pkey PRIMARY KEY (tenant_id, request_id);

ALTER TABLE ONLY public.mikro_orm_migrations
    ADD CONSTRAINT mikro_orm_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pets
    ADD CONSTRAINT pets_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_booking UNIQUE (tenant_id, booking_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.told_statistics
    ADD CONSTRAINT told_statistics_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_aliases
    ADD CONSTRAINT user_aliases_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_feed
    ADD CONSTRAINT user_feed_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.user_feed_tenants
    ADD CONSTRAINT user_feed_tenants_pkey PRIMARY KEY (tenant_id);

CREATE INDEX bookings_create_time ON public.bookings USING btree (tenant_id, create_time, id);

CREATE INDEX bookings_of_user ON public.bookings USING btree (tenant_id, user_id, create_time, id) INCLUDE (start_date, status, vendor_id) WHERE (user_id IS NOT NULL);

CREATE UNIQUE INDEX bookings_reference ON public.bookings USING btree (tenant_id, reference);

CREATE UNIQUE INDEX bookings_request_id ON public.bookings USING btree (tenant_id, request_id);

CREATE INDEX bookings_start_date ON public.bookings USING btree (tenant_id, start_date, id);

CREATE INDEX bookings_status ON public.bookings USING btree (tenant_id, status, create_time, id);

CREATE INDEX bookings_status_start_date ON public.bookings USING btree (tenant_id, status, start_date, id);

CREATE INDEX bookings_vendor ON public.bookings USING btree (tenant_id, vendor_id, create_time, id) WHERE (vendor_id IS NOT NULL);

CREATE INDEX bookings_vendor_start_date ON public.bookings USING btree (tenant_id, vendor_id, start_date, id) WHERE (vendor_id IS NOT NULL);

CREATE INDEX erased_users_time ON public.erased_users USING btree (erase_time);

CREATE INDEX made_by_request_made ON public.made_by_request USING btree (tenant_id, made_id);

CREATE INDEX pets_create_time ON public.pets USING btree (tenant_id, create_time, id);

CREATE INDEX pets_user ON public.pets USING btree (tenant_id, user_id, create_time, id);

CREATE INDEX reviews_create_time ON public.reviews USING btree (tenant_id, create_time, id);

CREATE INDEX reviews_customer ON public.reviews USING btree (tenant_id, customer_id, create_time, id);

CREATE INDEX reviews_vendor ON public.reviews USING btree (tenant_id, vendor_id, create_time, id) INCLUDE (rating);

CREATE INDEX user_aliases_survivor ON public.user_aliases USING btree (tenant_id, survivor_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_tenant_id_booking_id_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES public.bookings(tenant_id, id);

INSERT INTO public.mikro_orm_migrations VALUES (1, '2026-11-20-bookings', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (2, '2026-11-20-booking-money', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (3, '2026-11-20-pets-and-reviews', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (4, '2026-11-20-booking-user-access', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (5, '2026-12-02-other-payments', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (6, '2026-12-02-activity-times', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (7, '2026-12-02-made-by-request-index', '2026-12-01 15:05:26.954838+00');
INSERT INTO public.mikro_orm_migrations VALUES (8, '2026-12-02-booking-erased-users', '2026-12-01 15:05:26.954838+00');

SELECT pg_catalog.setval('public.mikro_orm_migrations_id_seq', 8, true);
