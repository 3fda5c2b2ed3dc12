-- name: 2026-12-02-last-moments
-- Moments of the year 10000, which were rounded up from the last of the year before, become its last
-- millisecond. A user who has one could not be read in the FULL view.

update user_statistics set first_booking_time = case when first_booking_time > timestamptz '9999-12-31 23:59:59.999+00' then timestamptz '9999-12-31 23:59:59.999+00' else first_booking_time end, last_booking_time = case when last_booking_time > timestamptz '9999-12-31 23:59:59.999+00' then timestamptz '9999-12-31 23:59:59.999+00' else last_booking_time end, last_activity_time = case when last_activity_time > timestamptz '9999-12-31 23:59:59.999+00' then timestamptz '9999-12-31 23:59:59.999+00' else last_activity_time end
  where first_booking_time > timestamptz '9999-12-31 23:59:59.999+00' or last_booking_time > timestamptz '9999-12-31 23:59:59.999+00' or last_activity_time > timestamptz '9999-12-31 23:59:59.999+00';

update users set last_activity_time = case when last_activity_time > timestamptz '9999-12-31 23:59:59.999+00' then timestamptz '9999-12-31 23:59:59.999+00' else last_activity_time end
  where last_activity_time > timestamptz '9999-12-31 23:59:59.999+00';

update user_activities set time = case when time > timestamptz '9999-12-31 23:59:59.999+00' then timestamptz '9999-12-31 23:59:59.999+00' else time end
  where time > timestamptz '9999-12-31 23:59:59.999+00';

-- down


