/** Business hours. What a clock was computed with is a version, which never changes and outlives its calendar. */
export const calendars = `
create table sla_calendars (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create index sla_calendars_user_idx on sla_calendars (user_id, id);
create unique index sla_calendars_name_idx on sla_calendars (user_id, name) where deleted_at is null;

create table sla_calendar_versions (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  calendar_id bigint not null references sla_calendars (id) on delete cascade,
  version integer not null,
  definition json not null,
  created_at timestamptz(3) not null default now(),
  unique (calendar_id, version)
);
create index sla_calendar_versions_user_idx on sla_calendar_versions (user_id);
`
