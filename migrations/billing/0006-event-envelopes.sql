-- name: 2026-12-02-event-envelopes
-- An event that does not say when it happened is kept too. Null: it does not say so, and is never applied.

alter table stripe_events alter column create_time drop not null;

-- down

update stripe_events set create_time = receive_time where create_time is null;
alter table stripe_events alter column create_time set not null;
