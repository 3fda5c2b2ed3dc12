-- name: 2026-12-02-subscription-ends
-- When a subscription ends or ended, and whether its payments are collected. Earlier rows have no end. Where
-- they end with their period, the end is filled in.

alter table subscriptions
  add column end_time timestamptz(3),
  add column collection_paused boolean not null default false,
  add column collection_resume_time timestamptz(3);

update subscriptions set end_time = current_period_end
  where cancel_at_period_end and state not in ('CANCELED', 'INCOMPLETE_EXPIRED');

-- down

alter table subscriptions drop column end_time, drop column collection_paused,
  drop column collection_resume_time;
