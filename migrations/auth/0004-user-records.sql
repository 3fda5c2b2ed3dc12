-- name: 2026-11-20-user-records
-- Records of a user beside the profile: external ids, notes, tags, statistics and activities of other
-- services.
--
-- Tags leave the profile, so that users can be found by them. `last_activity_time` is the latest of
-- `user_statistics`, for the same reason. `state_before_delete` is what an undeletion goes back to.

alter table users add column state_before_delete text check (state_before_delete in ('ACTIVE', 'SUSPENDED')),
  add column last_activity_time timestamptz(3);

create index users_last_activity_time on users (tenant_id, last_activity_time) where last_activity_time is not null;

create table user_external_ids (
  tenant_id text not null,
  source text not null,
  external_id text not null,
  user_id uuid not null,
  create_time timestamptz(3) not null default now(),
  primary key (tenant_id, source, external_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create index user_external_ids_user on user_external_ids (tenant_id, user_id, source, external_id);

create table user_notes (
  tenant_id text not null,
  id uuid not null,
  user_id uuid not null,
  text text not null,
  author text not null,
  create_time timestamptz(3) not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create index user_notes_user on user_notes (tenant_id, user_id, create_time, id);

create table user_tags (
  tenant_id text not null,
  user_id uuid not null,
  tag text not null,
  position integer not null,
  primary key (tenant_id, user_id, tag),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create index user_tags_tag on user_tags (tenant_id, tag, user_id);

create table user_statistics (
  tenant_id text not null,
  user_id uuid not null,
  source text not null,
  revision bigint not null,
  total_bookings bigint not null,
  total_spent jsonb not null,
  first_booking_time timestamptz(3),
  last_booking_time timestamptz(3),
  last_activity_time timestamptz(3),
  average_rating double precision not null,
  total_reviews integer not null,
  primary key (tenant_id, user_id, source),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table user_activities (
  tenant_id text not null,
  id uuid not null,
  user_id uuid not null,
  kind text not null,
  source text not null,
  time timestamptz(3) not null,
  summary text not null,
  attributes jsonb,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create index user_activities_user on user_activities (tenant_id, user_id, time, id);

create index write_requests_user on write_requests (tenant_id, user_id);

insert into user_tags (tenant_id, user_id, tag, position)
  select p.tenant_id, p.user_id, t.tag, min(t.position) from user_profiles p,
    jsonb_array_elements_text(p.profile -> 'tags') with ordinality as t (tag, position)
  where jsonb_typeof(p.profile -> 'tags') = 'array' group by p.tenant_id, p.user_id, t.tag;

update user_profiles set profile = profile - 'tags' where profile ? 'tags';

-- down

insert into user_profiles (tenant_id, user_id, profile)
  select tenant_id, user_id, jsonb_build_object('tags', jsonb_agg(tag order by position)) from user_tags
  group by tenant_id, user_id
  on conflict (tenant_id, user_id) do update set profile = user_profiles.profile || excluded.profile;
drop index write_requests_user;
drop table user_activities, user_statistics, user_tags, user_notes, user_external_ids;
alter table users drop column state_before_delete, drop column last_activity_time;
