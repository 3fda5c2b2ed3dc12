-- name: 2026-12-02-made-by-request-index
-- Finds the requests that made pets and reviews by what they made: the digest of what was asked goes with its
-- user.

create index made_by_request_made on made_by_request (tenant_id, made_id);

-- down

drop index made_by_request_made;
