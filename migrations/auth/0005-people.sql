-- name: 2026-11-20-people
-- Sign-in data, separate from users: a user may exist without any.
--
-- Tokens are stored as SHA-256, passwords as Argon2id, addresses as blind indexes (`email_key`), and data
-- that is read again is sealed. `signing_keys` is the one table without a tenant: the tokens of all tenants
-- are signed with the same keys.

create table credentials (
  tenant_id text not null,
  user_id uuid not null,
  -- PHC string: algorithm, parameters and salt stand in it.
  password_hash text not null,
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table verified_emails (
  tenant_id text not null,
  user_id uuid not null,
  -- The address that was verified: a user whose address changed is not verified any more.
  email_sealed bytea not null,
  verify_time timestamptz(3) not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table sessions (
  tenant_id text not null,
  id uuid not null,
  user_id uuid not null,
  create_time timestamptz(3) not null default now(),
  refresh_time timestamptz(3) not null default now(),
  expire_time timestamptz(3) not null,
  revoke_time timestamptz(3),
  revoke_reason text check (revoke_reason in
    ('SIGNED_OUT', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'USER_NOT_ACTIVE')),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  check ((revoke_time is null) = (revoke_reason is null))
);

create index sessions_user on sessions (tenant_id, user_id);

create index sessions_expire_time on sessions (expire_time);

-- Used tokens of a session are kept, so that a reused one is recognized.
create table refresh_tokens (
  tenant_id text not null,
  token_hash bytea not null check (octet_length(token_hash) = 32),
  session_id uuid not null,
  create_time timestamptz(3) not null default now(),
  use_time timestamptz(3),
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade
);

create index refresh_tokens_session on refresh_tokens (tenant_id, session_id);

create table mail_tokens (
  tenant_id text not null,
  id uuid not null,
  token_hash bytea not null check (octet_length(token_hash) = 32),
  purpose text not null check (purpose in ('REGISTER', 'VERIFY_EMAIL', 'RESET_PASSWORD')),
  -- Null in a registration: there is no user before the address is verified.
  user_id uuid,
  email_key bytea not null check (octet_length(email_key) = 32),
  -- The address, and of a registration the names, as JSON.
  person_sealed bytea not null,
  -- A registration's: the password to be.
  password_hash text,
  create_time timestamptz(3) not null default now(),
  expire_time timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  check ((purpose = 'REGISTER') = (user_id is null)),
  check ((purpose = 'REGISTER') = (password_hash is not null))
);

create index mail_tokens_user on mail_tokens (tenant_id, user_id) where user_id is not null;

create index mail_tokens_email_key on mail_tokens (tenant_id, email_key);

create index mail_tokens_expire_time on mail_tokens (expire_time);

create table sign_ins (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  -- Null: the address led to nobody.
  user_id uuid,
  outcome text not null check (outcome in
    ('SUCCEEDED', 'WRONG_PASSWORD', 'NO_PASSWORD', 'NOT_ACTIVE', 'UNKNOWN_ADDRESS')),
  source_address text not null,
  session_id uuid,
  create_time timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);

create index sign_ins_user on sign_ins (tenant_id, user_id, create_time desc, id desc);

create index sign_ins_create_time on sign_ins (create_time);

-- A mail is deleted once it is sent. Its text is confidential, so it is sealed too.
create table mail_outbox (
  tenant_id text not null,
  id uuid not null,
  user_id uuid,
  email_key bytea not null check (octet_length(email_key) = 32),
  mail_sealed bytea not null,
  attempts integer not null default 0,
  next_attempt_time timestamptz(3) not null default now(),
  create_time timestamptz(3) not null default now(),
  expire_time timestamptz(3) not null,
  primary key (tenant_id, id)
);

create index mail_outbox_next_attempt_time on mail_outbox (next_attempt_time);

create index mail_outbox_email_key on mail_outbox (tenant_id, email_key);

create table throttles (
  tenant_id text not null,
  kind text not null check (kind in ('ACCOUNT', 'SOURCE', 'MAIL', 'MAIL_SOURCE')),
  -- A blind index of the address, e-mail or IP.
  key bytea not null check (octet_length(key) = 32),
  -- Of attempts; time takes some away.
  failures double precision not null,
  blocked_until timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, kind, key)
);

create index throttles_update_time on throttles (update_time);

create table signing_keys (
  id text primary key,
  public_key bytea not null check (octet_length(public_key) = 32),
  private_key_sealed bytea not null,
  activate_time timestamptz(3) not null,
  create_time timestamptz(3) not null default now()
);

-- down

drop table signing_keys;
drop table throttles;
drop table mail_outbox;
drop table sign_ins;
drop table mail_tokens;
drop table refresh_tokens;
drop table sessions;
drop table verified_emails;
drop table credentials;
