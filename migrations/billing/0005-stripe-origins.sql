-- name: 2026-12-01-stripe-origins
-- Of which mode and account at Stripe events, objects and payments are. Null: not known, as of rows of
-- before; of `account` also the account that the webhook or the key belongs to. `foreign`: an event of
-- another mode or account than the settings name.

alter table stripe_events add column account text,
  drop constraint stripe_events_state_check,
  add constraint stripe_events_state_check check (state in ('received', 'applied', 'failed', 'ignored', 'foreign'));

create index stripe_events_foreign on stripe_events (receive_time, id) where state = 'foreign';

alter table stripe_objects add column livemode boolean, add column account text;

alter table payments add column livemode boolean, add column stripe_account text;

-- down

alter table payments drop column livemode, drop column stripe_account;
alter table stripe_objects drop column livemode, drop column account;
drop index stripe_events_foreign;
update stripe_events set state = 'ignored' where state = 'foreign';
alter table stripe_events drop column account,
  drop constraint stripe_events_state_check,
  add constraint stripe_events_state_check check (state in ('received', 'applied', 'failed', 'ignored'));
