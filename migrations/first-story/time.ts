/** Time: targets, the reply clocks and what is measured of them. */
export const time = `
create table sla_settings (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  priority text not null check (priority in ('high', 'medium', 'low')),
  customer_tier text not null check (customer_tier in ('vip', 'enterprise', 'standard')),
  target_seconds integer not null check (target_seconds > 0),
  warning_percent integer not null default 20 check (warning_percent between 1 and 99),
  is_active boolean not null default true,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (user_id, priority, customer_tier)
);

-- next_due_at is the next instant at which this clock has something to say (warning, then breach); null: nothing more.
create table sla_clocks (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null unique references emails (id) on delete cascade,
  state text not null default 'running' check (state in ('running', 'met', 'late')),
  started_at timestamptz(3) not null,
  target_seconds integer not null check (target_seconds > 0),
  warning_at timestamptz(3) not null,
  deadline_at timestamptz(3) not null,
  warned_at timestamptz(3),
  breached_at timestamptz(3),
  stopped_at timestamptz(3),
  next_due_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  check (warning_at <= deadline_at),
  check ((state = 'running') = (stopped_at is null)),
  check (next_due_at is null or state = 'running')
);
create index sla_clocks_due_idx on sla_clocks (next_due_at) where next_due_at is not null;
create index sla_clocks_deadline_idx on sla_clocks (user_id, deadline_at, email_id);

create table response_metrics (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null unique references emails (id) on delete cascade,
  team_member_id bigint references team_members (id) on delete set null,
  received_at timestamptz(3) not null,
  responded_at timestamptz(3) not null,
  response_seconds integer not null check (response_seconds >= 0),
  target_seconds integer,
  is_met boolean,
  created_at timestamptz(3) not null default now()
);
create index response_metrics_team_idx on response_metrics (user_id, responded_at);
create index response_metrics_member_idx on response_metrics (team_member_id, responded_at) where team_member_id is not null;

create table performance_goals (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  team_member_id bigint references team_members (id) on delete cascade,
  metric text not null check (metric in ('response_seconds', 'met_rate')),
  target_value double precision not null,
  starts_on date not null,
  ends_on date,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check (ends_on is null or ends_on >= starts_on)
);
create index performance_goals_user_idx on performance_goals (user_id);
create index performance_goals_member_idx on performance_goals (team_member_id) where team_member_id is not null;

create table time_bands (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  from_seconds integer not null check (from_seconds >= 0),
  to_seconds integer check (to_seconds > from_seconds),
  created_at timestamptz(3) not null default now(),
  unique (user_id, name)
);
`
