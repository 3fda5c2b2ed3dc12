-- Schema and applied migrations of the billing database at version 0.1.0, by pg_dump.

SET check_function_bodies = false;

CREATE FUNCTION public.dispute_state_rank(state text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE state WHEN 'WARNING'::text THEN 0 WHEN 'WARNING_CLOSED'::text THEN 1 WHEN 'NEEDS_RESPONSE'::text THEN 2 WHEN 'UNDER_REVIEW'::text THEN 3 WHEN 'WON'::text THEN 4 WHEN 'LOST'::text THEN 4 WHEN 'APPEAL_NEEDS_RESPONSE'::text THEN 4 WHEN 'APPEAL_UNDER_REVIEW'::text THEN 4 WHEN 'PREVENTED'::text THEN 4 ELSE NULL::integer END;

CREATE FUNCTION public.payment_state_rank(state text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE state WHEN 'PENDING'::text THEN 0 WHEN 'PROCESSING'::text THEN 0 WHEN 'AUTHORIZED'::text THEN 1 WHEN 'CANCELED'::text THEN 2 WHEN 'SUCCEEDED'::text THEN 3 WHEN 'PARTIALLY_REFUNDED'::text THEN 3 WHEN 'REFUNDED'::text THEN 3 ELSE NULL::integer END;

CREATE FUNCTION public.refund_state_rank(state text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE state WHEN 'PENDING'::text THEN 0 WHEN 'REQUIRES_ACTION'::text THEN 0 WHEN 'SUCCEEDED'::text THEN 1 WHEN 'CANCELED'::text THEN 2 WHEN 'FAILED'::text THEN 3 ELSE NULL::integer END;

CREATE FUNCTION public.refunds_fit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    declare broken uuid;
    begin
      select p.id into broken
      from payments p join lateral (
        select coalesce(sum(r.amount) filter (where r.state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED')), 0) as live,
               coalesce(sum(r.amount) filter (where r.state = 'SUCCEEDED'), 0) as gone
        from refunds r where r.payment_id = p.id and not r.held
      ) s on true
      where p.id in (select payment_id from changed) and (s.live > p.captured or p.refunded not in (s.gone, s.gone + p.unseen_refunds))
      limit 1;
      if broken is not null then
        raise exception using errcode = 'check_violation', constraint = 'refunds_fit', table = 'refunds',
          message = format('refunds of payment %s are not what was captured and sent back', broken);
      end if;
      return null;
    end $$;

CREATE FUNCTION public.refuse_money_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      raise exception using errcode = 'check_violation', constraint = tg_name, table = tg_table_name,
        message = format('%s: %s would break %s', tg_table_name, old.id, tg_name);
    end $$;

CREATE TABLE public.stripe_objects (
    id text NOT NULL,
    kind text NOT NULL,
    tier smallint NOT NULL,
    as_of bigint NOT NULL,
    step integer NOT NULL,
    guess bigint NOT NULL,
    digest text NOT NULL COLLATE pg_catalog."C",
    ambiguous boolean NOT NULL,
    payment_intent text,
    charge text,
    payload jsonb NOT NULL,
    update_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    livemode boolean,
    account text,
    CONSTRAINT stripe_objects_kind_check CHECK ((kind = ANY (ARRAY['payment_intent'::text, 'charge'::text, 'refund'::text, 'dispute'::text, 'customer'::text, 'subscription'::text, 'invoice'::text])))
)
WITH (fillfactor='80');

CREATE FUNCTION public.stripe_order_key_falls(old public.stripe_objects, new public.stripe_objects) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN (ROW((new).tier, (new).as_of, (new).step, (new).guess, (new).digest) < ROW((old).tier, (old).as_of, (old).step, (old).guess, (old).digest));

CREATE TABLE public.areas (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    country_codes text[] NOT NULL,
    currency text NOT NULL,
    tax_basis_points integer NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT areas_tax_basis_points_check CHECK (((tax_basis_points >= 0) AND (tax_basis_points <= 10000)))
);

CREATE TABLE public.customers (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    stripe_customer_id text,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.disputes (
    id uuid NOT NULL,
    stripe_dispute_id text NOT NULL,
    payment_id uuid NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    amount bigint DEFAULT 0 NOT NULL,
    withdrawn bigint DEFAULT 0 NOT NULL,
    reason text,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT disputes_amount_check CHECK ((amount >= 0)),
    CONSTRAINT disputes_state_check CHECK ((state = ANY (ARRAY['WARNING'::text, 'NEEDS_RESPONSE'::text, 'UNDER_REVIEW'::text, 'WARNING_CLOSED'::text, 'WON'::text, 'LOST'::text, 'APPEAL_NEEDS_RESPONSE'::text, 'APPEAL_UNDER_REVIEW'::text, 'PREVENTED'::text]))),
    CONSTRAINT disputes_withdrawn_check CHECK ((withdrawn >= 0))
)
WITH (fillfactor='80');

CREATE TABLE public.erased_users (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    erase_time timestamp(3) with time zone NOT NULL,
    clear_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.invoice_counters (
    tenant_id text NOT NULL,
    year integer NOT NULL,
    last_number integer NOT NULL,
    last_issue_time timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.invoice_lines (
    tenant_id text NOT NULL,
    invoice_id uuid NOT NULL,
    "position" integer NOT NULL,
    description text NOT NULL,
    minor_units bigint NOT NULL,
    booking_id uuid
);

CREATE TABLE public.invoices (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL,
    user_id uuid NOT NULL,
    state text NOT NULL,
    profile jsonb NOT NULL,
    currency text NOT NULL,
    total_minor_units bigint NOT NULL,
    payment_id uuid,
    stripe_invoice_id text,
    request_id uuid,
    request_fingerprint bytea,
    issue_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT invoices_check CHECK (((request_id IS NULL) = (request_fingerprint IS NULL))),
    CONSTRAINT invoices_state_check CHECK ((state = ANY (ARRAY['OPEN'::text, 'PAID'::text, 'VOID'::text, 'UNCOLLECTIBLE'::text]))),
    CONSTRAINT invoices_total_minor_units_check CHECK ((total_minor_units >= 0))
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

CREATE TABLE public.payments (
    id uuid NOT NULL,
    stripe_payment_intent_id text NOT NULL,
    stripe_customer_id text,
    tenant_id text,
    user_id uuid,
    booking_id uuid,
    state text NOT NULL,
    currency text NOT NULL,
    amount bigint DEFAULT 0 NOT NULL,
    captured bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    unseen_refunds bigint DEFAULT 0 NOT NULL,
    dispute_state text,
    failure_code text,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    livemode boolean,
    stripe_account text,
    stripe_charge_id text,
    stripe_invoice_id text,
    capture_time timestamp(3) with time zone,
    refund_time timestamp(3) with time zone,
    ever_refunded bigint DEFAULT 0 NOT NULL,
    fractional boolean GENERATED ALWAYS AS (((currency = ANY (ARRAY['ISK'::text, 'UGX'::text])) AND (((amount % (100)::bigint) <> 0) OR ((captured % (100)::bigint) <> 0) OR ((refunded % (100)::bigint) <> 0)))) STORED NOT NULL,
    CONSTRAINT payments_amount_check CHECK ((amount >= 0)),
    CONSTRAINT payments_captured_check CHECK ((captured >= 0)),
    CONSTRAINT payments_captured_in_state CHECK (((captured = 0) OR (state = ANY (ARRAY['SUCCEEDED'::text, 'PARTIALLY_REFUNDED'::text, 'REFUNDED'::text])))),
    CONSTRAINT payments_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payments_dispute_state_check CHECK ((dispute_state = ANY (ARRAY['WARNING'::text, 'NEEDS_RESPONSE'::text, 'UNDER_REVIEW'::text, 'WARNING_CLOSED'::text, 'WON'::text, 'LOST'::text, 'APPEAL_NEEDS_RESPONSE'::text, 'APPEAL_UNDER_REVIEW'::text, 'PREVENTED'::text]))),
    CONSTRAINT payments_owner CHECK (((tenant_id IS NOT NULL) OR ((user_id IS NULL) AND (booking_id IS NULL)))),
    CONSTRAINT payments_refunded_check CHECK ((refunded >= 0)),
    CONSTRAINT payments_refunded_in_state CHECK (
CASE state
    WHEN 'PARTIALLY_REFUNDED'::text THEN ((refunded > 0) AND (refunded < captured))
    WHEN 'REFUNDED'::text THEN ((refunded > 0) AND (refunded = captured))
    ELSE (refunded = 0)
END),
    CONSTRAINT payments_refunded_of_captured CHECK ((refunded <= captured)),
    CONSTRAINT payments_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'PROCESSING'::text, 'AUTHORIZED'::text, 'SUCCEEDED'::text, 'PARTIALLY_REFUNDED'::text, 'REFUNDED'::text, 'CANCELED'::text]))),
    CONSTRAINT payments_unseen_refunds_check CHECK ((unseen_refunds >= 0))
)
WITH (fillfactor='70');

CREATE TABLE public.stripe_events (
    id text NOT NULL,
    type text NOT NULL,
    api_version text,
    create_time timestamp(0) with time zone,
    livemode boolean NOT NULL,
    object_kind text,
    object_id text,
    payment_intent text,
    payload jsonb NOT NULL,
    tenant_id text,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_time timestamp(3) with time zone,
    last_error text,
    receive_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    apply_time timestamp(3) with time zone,
    account text,
    CONSTRAINT stripe_events_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT stripe_events_check CHECK (((state = 'applied'::text) = (apply_time IS NOT NULL))),
    CONSTRAINT stripe_events_check1 CHECK (((state <> 'received'::text) OR (next_attempt_time IS NOT NULL))),
    CONSTRAINT stripe_events_check2 CHECK (((state = ANY (ARRAY['received'::text, 'failed'::text])) OR (next_attempt_time IS NULL))),
    CONSTRAINT stripe_events_check3 CHECK (((state <> 'failed'::text) OR (last_error IS NOT NULL))),
    CONSTRAINT stripe_events_state_check CHECK ((state = ANY (ARRAY['received'::text, 'applied'::text, 'failed'::text, 'ignored'::text, 'foreign'::text])))
);

CREATE VIEW public.payment_events AS
 SELECT p.tenant_id,
    p.id AS payment_id,
    e.id AS stripe_event_id,
    e.type,
    e.create_time AS "time",
    e.apply_time
   FROM (public.stripe_events e
     JOIN public.payments p ON ((p.stripe_payment_intent_id = e.payment_intent)))
  WHERE (e.state = 'applied'::text);

CREATE TABLE public.payment_requests (
    tenant_id text NOT NULL,
    request_id uuid NOT NULL,
    request_fingerprint bytea NOT NULL,
    payment_id uuid,
    minor_units bigint,
    stripe_id text,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    attempt_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payment_requests_check CHECK (((payment_id IS NULL) = (minor_units IS NULL))),
    CONSTRAINT payment_requests_minor_units_check CHECK ((minor_units > 0))
);

CREATE TABLE public.payments_to_derive (
    key text NOT NULL
);

CREATE TABLE public.plan_prices (
    tenant_id text NOT NULL,
    plan_id uuid NOT NULL,
    area_id uuid NOT NULL,
    "position" integer NOT NULL,
    minor_units bigint NOT NULL,
    stripe_price_id text,
    CONSTRAINT plan_prices_check CHECK (((minor_units = 0) OR (stripe_price_id IS NOT NULL))),
    CONSTRAINT plan_prices_minor_units_check CHECK ((minor_units >= 0))
);

CREATE TABLE public.plans (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    "interval" text NOT NULL,
    retired boolean DEFAULT false NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT plans_interval_check CHECK (("interval" = ANY (ARRAY['MONTH'::text, 'YEAR'::text])))
);

CREATE TABLE public.reconcile_drift (
    run_id uuid NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    class text NOT NULL,
    here text NOT NULL,
    there text NOT NULL,
    repaired boolean DEFAULT false NOT NULL,
    note text DEFAULT ''::text NOT NULL
);

CREATE TABLE public.reconcile_runs (
    id uuid NOT NULL,
    since_time timestamp(0) with time zone NOT NULL,
    until_time timestamp(0) with time zone NOT NULL,
    until_given boolean NOT NULL,
    repair boolean NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    after_id text,
    pages integer DEFAULT 0 NOT NULL,
    objects bigint DEFAULT 0 NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    update_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    complete_time timestamp(3) with time zone,
    CONSTRAINT reconcile_runs_check CHECK ((since_time < until_time)),
    CONSTRAINT reconcile_runs_position_check CHECK (("position" >= 0))
);

CREATE TABLE public.reconcile_seen (
    run_id uuid NOT NULL,
    id text NOT NULL
);

CREATE TABLE public.refunds (
    id uuid NOT NULL,
    stripe_refund_id text NOT NULL,
    payment_id uuid NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    amount bigint DEFAULT 0 NOT NULL,
    held boolean NOT NULL,
    reason text,
    failure_reason text,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT refunds_amount_check CHECK ((amount >= 0)),
    CONSTRAINT refunds_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'REQUIRES_ACTION'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELED'::text])))
)
WITH (fillfactor='80');

CREATE TABLE public.subscription_cancellations (
    tenant_id text NOT NULL,
    request_id uuid NOT NULL,
    request_fingerprint bytea NOT NULL,
    customer_id uuid NOT NULL,
    create_time timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.subscriptions (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    area_id uuid NOT NULL,
    state text NOT NULL,
    stripe_subscription_id text,
    stripe_price_id text,
    stripe_payment_method_id text,
    current_period_end timestamp(3) with time zone,
    cancel_at_period_end boolean DEFAULT false NOT NULL,
    request_id uuid,
    request_fingerprint bytea,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    end_time timestamp(3) with time zone,
    collection_paused boolean DEFAULT false NOT NULL,
    collection_resume_time timestamp(3) with time zone,
    CONSTRAINT subscriptions_check CHECK (((request_id IS NULL) = (request_fingerprint IS NULL))),
    CONSTRAINT subscriptions_check1 CHECK (((stripe_subscription_id IS NULL) OR (stripe_price_id IS NOT NULL))),
    CONSTRAINT subscriptions_state_check CHECK ((state = ANY (ARRAY['INCOMPLETE'::text, 'INCOMPLETE_EXPIRED'::text, 'TRIALING'::text, 'ACTIVE'::text, 'PAST_DUE'::text, 'UNPAID'::text, 'PAUSED'::text, 'CANCELED'::text])))
);

CREATE TABLE public.told_bookings (
    tenant_id text NOT NULL,
    booking_id uuid NOT NULL,
    revision bigint NOT NULL
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

ALTER TABLE ONLY public.areas
    ADD CONSTRAINT areas_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_stripe UNIQUE (stripe_dispute_id);

ALTER TABLE ONLY public.erased_users
    ADD CONSTRAINT erased_users_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.invoice_counters
    ADD CONSTRAINT invoice_counters_pkey PRIMARY KEY (tenant_id, year);

ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT invoice_lines_pkey PRIMARY KEY (tenant_id, invoice_id, "position");

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT invoices_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.mikro_orm_migrations
    ADD CONSTRAINT mikro_orm_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.payment_requests
    ADD CONSTRAINT payment_requests_pkey PRIMARY KEY (tenant_id, request_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_currency UNIQUE (id, currency);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_intent UNIQUE (stripe_payment_intent_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.payments_to_derive
    ADD CONSTRAINT payments_to_derive_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.plan_prices
    ADD CONSTRAINT plan_prices_pkey PRIMARY KEY (tenant_id, plan_id, area_id);

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_drift
    ADD CONSTRAINT reconcile_drift_pkey PRIMARY KEY (run_id, kind, id, class);

ALTER TABLE ONLY public.reconcile_runs
    ADD CONSTRAINT reconcile_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reconcile_seen
    ADD CONSTRAINT reconcile_seen_pkey PRIMARY KEY (run_id, id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_stripe UNIQUE (stripe_refund_id);

ALTER TABLE ONLY public.stripe_events
    ADD CONSTRAINT stripe_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stripe_objects
    ADD CONSTRAINT stripe_objects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.subscription_cancellations
    ADD CONSTRAINT subscription_cancellations_pkey PRIMARY KEY (tenant_id, request_id);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.told_bookings
    ADD CONSTRAINT told_bookings_pkey PRIMARY KEY (tenant_id, booking_id);

ALTER TABLE ONLY public.told_statistics
    ADD CONSTRAINT told_statistics_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_aliases
    ADD CONSTRAINT user_aliases_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_feed
    ADD CONSTRAINT user_feed_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.user_feed_tenants
    ADD CONSTRAINT user_feed_tenants_pkey PRIMARY KEY (tenant_id);

CREATE UNIQUE INDEX areas_code ON public.areas USING btree (tenant_id, code);

CREATE INDEX customers_create_time ON public.customers USING btree (tenant_id, create_time, id);

CREATE UNIQUE INDEX customers_stripe ON public.customers USING btree (stripe_customer_id);

CREATE INDEX disputes_of_payment ON public.disputes USING btree (payment_id, create_time, id);

CREATE INDEX erased_users_time ON public.erased_users USING btree (erase_time);

CREATE INDEX invoices_issue_time ON public.invoices USING btree (tenant_id, issue_time, id);

CREATE UNIQUE INDEX invoices_number ON public.invoices USING btree (tenant_id, year, number);

CREATE UNIQUE INDEX invoices_request_id ON public.invoices USING btree (tenant_id, request_id);

CREATE UNIQUE INDEX invoices_stripe ON public.invoices USING btree (stripe_invoice_id);

CREATE INDEX invoices_user ON public.invoices USING btree (tenant_id, user_id, issue_time, id);

CREATE INDEX payments_booking ON public.payments USING btree (tenant_id, booking_id) WHERE (booking_id IS NOT NULL);

CREATE INDEX payments_fractional ON public.payments USING btree (id) WHERE fractional;

CREATE INDEX payments_tenant ON public.payments USING btree (tenant_id, create_time, id);

CREATE INDEX payments_unowned ON public.payments USING btree (stripe_customer_id) WHERE (tenant_id IS NULL);

CREATE INDEX payments_user ON public.payments USING btree (tenant_id, user_id, create_time, id);

CREATE INDEX plan_prices_area ON public.plan_prices USING btree (tenant_id, area_id);

CREATE UNIQUE INDEX plans_code ON public.plans USING btree (tenant_id, code);

CREATE UNIQUE INDEX reconcile_runs_open ON public.reconcile_runs USING btree (since_time, until_given, repair, (
CASE
    WHEN until_given THEN until_time
    ELSE NULL::timestamp with time zone
END)) NULLS NOT DISTINCT WHERE (complete_time IS NULL);

CREATE INDEX refunds_held ON public.refunds USING btree (payment_id) WHERE held;

CREATE INDEX refunds_of_payment ON public.refunds USING btree (payment_id, create_time, id);

CREATE INDEX stripe_events_dead ON public.stripe_events USING btree (receive_time, id) WHERE ((state = 'failed'::text) AND (next_attempt_time IS NULL));

CREATE INDEX stripe_events_due ON public.stripe_events USING btree (next_attempt_time) WHERE (next_attempt_time IS NOT NULL);

CREATE INDEX stripe_events_foreign ON public.stripe_events USING btree (receive_time, id) WHERE (state = 'foreign'::text);

CREATE INDEX stripe_events_payment ON public.stripe_events USING btree (payment_intent, create_time, id);

CREATE INDEX stripe_objects_ambiguous ON public.stripe_objects USING btree (update_time, id) WHERE ambiguous;

CREATE INDEX stripe_objects_charge ON public.stripe_objects USING btree (charge) WHERE ((payment_intent IS NULL) AND (charge IS NOT NULL));

CREATE INDEX stripe_objects_payment ON public.stripe_objects USING btree (payment_intent) WHERE (payment_intent IS NOT NULL);

CREATE INDEX subscriptions_area ON public.subscriptions USING btree (tenant_id, area_id);

CREATE INDEX subscriptions_customer ON public.subscriptions USING btree (tenant_id, customer_id, create_time, id);

CREATE UNIQUE INDEX subscriptions_live ON public.subscriptions USING btree (tenant_id, customer_id) WHERE (state <> ALL (ARRAY['CANCELED'::text, 'INCOMPLETE_EXPIRED'::text]));

CREATE INDEX subscriptions_plan ON public.subscriptions USING btree (tenant_id, plan_id);

CREATE UNIQUE INDEX subscriptions_request_id ON public.subscriptions USING btree (tenant_id, request_id);

CREATE UNIQUE INDEX subscriptions_stripe ON public.subscriptions USING btree (stripe_subscription_id);

CREATE INDEX user_aliases_survivor ON public.user_aliases USING btree (tenant_id, survivor_id);

CREATE TRIGGER disputes_same_payment BEFORE UPDATE ON public.disputes FOR EACH ROW WHEN (((new.payment_id <> old.payment_id) OR (new.stripe_dispute_id <> old.stripe_dispute_id))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER disputes_state_goes_on BEFORE UPDATE ON public.disputes FOR EACH ROW WHEN ((public.dispute_state_rank(new.state) < public.dispute_state_rank(old.state))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER payments_captured_grows BEFORE UPDATE ON public.payments FOR EACH ROW WHEN ((new.captured < old.captured)) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER payments_same_intent BEFORE UPDATE ON public.payments FOR EACH ROW WHEN (((new.stripe_payment_intent_id <> old.stripe_payment_intent_id) OR (new.currency <> old.currency))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER payments_state_goes_on BEFORE UPDATE ON public.payments FOR EACH ROW WHEN ((public.payment_state_rank(new.state) < public.payment_state_rank(old.state))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER refunds_fit_on_insert AFTER INSERT ON public.refunds REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.refunds_fit();

CREATE TRIGGER refunds_fit_on_update AFTER UPDATE ON public.refunds REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.refunds_fit();

CREATE TRIGGER refunds_same_payment BEFORE UPDATE ON public.refunds FOR EACH ROW WHEN (((new.payment_id <> old.payment_id) OR (new.stripe_refund_id <> old.stripe_refund_id))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER refunds_state_goes_on BEFORE UPDATE ON public.refunds FOR EACH ROW WHEN ((public.refund_state_rank(new.state) < public.refund_state_rank(old.state))) EXECUTE FUNCTION public.refuse_money_change();

CREATE TRIGGER stripe_objects_grow BEFORE UPDATE ON public.stripe_objects FOR EACH ROW WHEN (public.stripe_order_key_falls(old.*, new.*)) EXECUTE FUNCTION public.refuse_money_change();

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_payment FOREIGN KEY (payment_id, currency) REFERENCES public.payments(id, currency);

ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT invoice_lines_tenant_id_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoices(tenant_id, id);

ALTER TABLE ONLY public.plan_prices
    ADD CONSTRAINT plan_prices_area FOREIGN KEY (tenant_id, area_id) REFERENCES public.areas(tenant_id, id);

ALTER TABLE ONLY public.plan_prices
    ADD CONSTRAINT plan_prices_tenant_id_plan_id_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES public.plans(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reconcile_drift
    ADD CONSTRAINT reconcile_drift_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.reconcile_runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reconcile_seen
    ADD CONSTRAINT reconcile_seen_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.reconcile_runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_payment FOREIGN KEY (payment_id, currency) REFERENCES public.payments(id, currency);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_area_id_fkey FOREIGN KEY (tenant_id, area_id) REFERENCES public.areas(tenant_id, id);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_customer_id_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customers(tenant_id, id);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_plan_id_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES public.plans(tenant_id, id);

INSERT INTO public.mikro_orm_migrations VALUES (1, '2026-11-20-billing', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (2, '2026-11-20-payments', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (3, '2026-11-20-stripe-calls', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (4, '2026-11-20-billing-user-access', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (5, '2026-12-01-stripe-origins', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (6, '2026-12-02-event-envelopes', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (7, '2026-12-02-subscription-ends', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (8, '2026-12-02-refunds-by-charge', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (9, '2026-12-02-stripe-units', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (10, '2026-12-02-money-without-intents', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (11, '2026-12-02-billing-erased-users', '2026-12-01 15:05:29.200545+00');
INSERT INTO public.mikro_orm_migrations VALUES (12, '2026-12-02-fractional-payments', '2026-12-01 15:05:29.200545+00');

SELECT pg_catalog.setval('public.mikro_orm_migrations_id_seq', 12, true);
