-- name: 2026-12-02-activity-times
-- When the last activity of a booking happened. Null means at `update_time`, when it was recorded.

alter table bookings add column activity_time timestamptz(3);

-- down

alter table bookings drop column activity_time;
