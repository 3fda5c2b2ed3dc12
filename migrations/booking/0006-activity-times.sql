-- name: 2026-12-02-activity-times
-- When something last happened to a booking, by whoever saw it; null: at `update_time`, when it was recorded.

alter table bookings add column activity_time timestamptz(3);

-- down

alter table bookings drop column activity_time;
