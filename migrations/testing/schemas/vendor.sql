-- Schema and applied migrations of the vendor database at version 0.1.0, by pg_dump.

SET check_function_bodies = false;

CREATE TABLE public.activities (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    vendor_id uuid NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    price_minor_units bigint,
    price_currency text,
    duration_minutes integer DEFAULT 0 NOT NULL,
    capacity integer DEFAULT 0 NOT NULL,
    state text NOT NULL,
    request_id uuid,
    request_fingerprint bytea,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT activities_capacity_check CHECK ((capacity >= 0)),
    CONSTRAINT activities_check CHECK (((price_minor_units IS NULL) = (price_currency IS NULL))),
    CONSTRAINT activities_check1 CHECK (((request_id IS NULL) = (request_fingerprint IS NULL))),
    CONSTRAINT activities_duration_minutes_check CHECK ((duration_minutes >= 0)),
    CONSTRAINT activities_state_check CHECK ((state = ANY (ARRAY['DRAFT'::text, 'PUBLISHED'::text, 'ARCHIVED'::text])))
);

CREATE TABLE public.erased_users (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    erase_time timestamp(3) with time zone NOT NULL,
    clear_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
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

CREATE TABLE public.vendor_countries (
    tenant_id text NOT NULL,
    country_code text NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    vendor_id uuid NOT NULL
);

CREATE TABLE public.vendors (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    business_license text DEFAULT ''::text NOT NULL,
    service_areas jsonb DEFAULT '[]'::jsonb NOT NULL,
    verification_state text NOT NULL,
    verification_note text DEFAULT ''::text NOT NULL,
    verify_time timestamp(3) with time zone,
    version bigint DEFAULT 1 NOT NULL,
    request_id uuid,
    request_fingerprint bytea,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT vendors_check CHECK (((verification_state = 'VERIFIED'::text) = (verify_time IS NOT NULL))),
    CONSTRAINT vendors_check1 CHECK (((request_id IS NULL) = (request_fingerprint IS NULL))),
    CONSTRAINT vendors_verification_state_check CHECK ((verification_state = ANY (ARRAY['UNVERIFIED'::text, 'SUBMITTED'::text, 'VERIFIED'::text, 'REJECTED'::text, 'SUSPENDED'::text])))
);

ALTER TABLE ONLY public.mikro_orm_migrations ALTER COLUMN id SET DEFAULT nextval('public.mikro_orm_migrations_id_seq'::regclass);

ALTER TABLE ONLY public.activities
    ADD CONSTRAINT activities_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.erased_users
    ADD CONSTRAINT erased_users_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.mikro_orm_migrations
    ADD CONSTRAINT mikro_orm_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.told_statistics
    ADD CONSTRAINT told_statistics_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_aliases
    ADD CONSTRAINT user_aliases_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_feed
    ADD CONSTRAINT user_feed_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.user_feed_tenants
    ADD CONSTRAINT user_feed_tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.vendor_countries
    ADD CONSTRAINT vendor_countries_pkey PRIMARY KEY (tenant_id, country_code, create_time, vendor_id);

ALTER TABLE ONLY public.vendors
    ADD CONSTRAINT vendors_pkey PRIMARY KEY (tenant_id, id);

CREATE INDEX activities_create_time ON public.activities USING btree (tenant_id, create_time, id);

CREATE UNIQUE INDEX activities_request_id ON public.activities USING btree (tenant_id, request_id);

CREATE INDEX activities_state ON public.activities USING btree (tenant_id, state, create_time, id);

CREATE INDEX activities_vendor ON public.activities USING btree (tenant_id, vendor_id, create_time, id);

CREATE INDEX erased_users_time ON public.erased_users USING btree (erase_time);

CREATE INDEX user_aliases_survivor ON public.user_aliases USING btree (tenant_id, survivor_id);

CREATE INDEX vendor_countries_vendor ON public.vendor_countries USING btree (tenant_id, vendor_id);

CREATE INDEX vendors_create_time ON public.vendors USING btree (tenant_id, create_time, id);

CREATE UNIQUE INDEX vendors_request_id ON public.vendors USING btree (tenant_id, request_id);

CREATE INDEX vendors_state ON public.vendors USING btree (tenant_id, verification_state, create_time, id);

CREATE UNIQUE INDEX vendors_user ON public.vendors USING btree (tenant_id, user_id);

ALTER TABLE ONLY public.activities
    ADD CONSTRAINT activities_tenant_id_vendor_id_fkey FOREIGN KEY (tenant_id, vendor_id) REFERENCES public.vendors(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.vendor_countries
    ADD CONSTRAINT vendor_countries_tenant_id_vendor_id_fkey FOREIGN KEY (tenant_id, vendor_id) REFERENCES public.vendors(tenant_id, id) ON DELETE CASCADE;

INSERT INTO public.mikro_orm_migrations VALUES (1, '2026-11-20-vendors', '2026-12-01 15:05:28.069378+00');
INSERT INTO public.mikro_orm_migrations VALUES (2, '2026-11-20-vendor-user-access', '2026-12-01 15:05:28.069378+00');
INSERT INTO public.mikro_orm_migrations VALUES (3, '2026-12-02-vendor-erased-users', '2026-12-01 15:05:28.069378+00');

SELECT pg_catalog.setval('public.mikro_orm_migrations_id_seq', 3, true);
