-- name: 2026-12-01-feed-line
-- The change feed's row says which feed the database holds, so that a replica shows whether it follows it.

alter table user_change_feed add column line text;

comment on column user_change_feed.line is 'identity of the feed, written by the auth service when it first reads it';

-- down

alter table user_change_feed drop column line;
