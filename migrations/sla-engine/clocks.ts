/** Clocks of three metrics that can stand still, and the immutable history of each. */
export const clocks = `
alter table sla_clocks
  add metric text not null default 'first_reply' check (metric in ('first_reply', 'next_reply', 'resolution')),
  add round integer not null default 1,
  add revision bigint not null default 0,
  -- No foreign keys: versions go with their tenant only, and an index for each would cost every new clock.
  add policy_version_id bigint,
  add calendar_version_id bigint,
  add warning_percent integer not null default 20 check (warning_percent between 1 and 99),
  add pauses jsonb not null default '[]',
  add paused_at timestamptz(3),
  add pause_reason text check (pause_reason in ('waiting_for_customer', 'on_hold')),
  -- No target: its policy has none for it at present.
  alter target_seconds drop not null,
  alter warning_at drop not null,
  alter deadline_at drop not null,
  drop constraint sla_clocks_email_id_key,
  drop constraint sla_clocks_state_check,
  drop constraint sla_clocks_check,
  drop constraint sla_clocks_check1,
  drop constraint sla_clocks_check2,
  add unique (email_id, metric, round),
  add check (state in ('running', 'paused', 'met', 'late', 'cancelled')),
  add check ((state in ('running', 'paused')) = (stopped_at is null)),
  add check ((state = 'paused') = (paused_at is not null) and (state = 'paused') = (pause_reason is not null)),
  add check (state <> 'paused' or deadline_at is null),
  add check ((warning_at is null) = (deadline_at is null)),
  add check (warning_at <= deadline_at),
  add check (breached_at is null or state in ('running', 'late')),
  add check (next_due_at is null or state = 'running' and deadline_at is not null);
-- What a change of policies or calendars has yet to reach.
create index sla_clocks_revision_idx on sla_clocks (user_id, revision)
  where breached_at is null and stopped_at is null;

update sla_clocks set
  warning_percent =
    least(99, greatest(1, round(100 * extract(epoch from deadline_at - warning_at) / target_seconds))),
  -- Late begins after the deadline, not at it.
  next_due_at = case when warned_at is null then next_due_at else next_due_at + interval '1 millisecond' end;

create table sla_clock_history (
  id bigint generated always as identity primary key,
  clock_id bigint not null references sla_clocks (id) on delete cascade,
  type text not null
    check (type in ('started', 'paused', 'resumed', 'recomputed', 'warned', 'breached', 'stopped', 'cancelled')),
  at timestamptz(3) not null,
  recorded_at timestamptz(3) not null,
  detail json not null
);
create index sla_clock_history_clock_idx on sla_clock_history (clock_id, id);
create unique index sla_clock_history_once_idx on sla_clock_history (clock_id, type) where type in ('warned', 'breached');

insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
select id, type, at, recorded_at, detail from (
  select id, 1 as place, 'started' as type, started_at as at, created_at as recorded_at,
    json_build_object('startedAt', started_at, 'targetSeconds', target_seconds, 'warningPercent', warning_percent,
      'policyVersionId', null, 'calendarVersionId', null, 'deadlineAt', deadline_at) as detail
    from sla_clocks
  union all
  select id, 2, 'warned', warning_at, warned_at, '{}' from sla_clocks where warned_at is not null
  union all
  select id, 3, 'breached', deadline_at, breached_at, '{}' from sla_clocks where breached_at is not null
  union all
  select id, 4, 'stopped', stopped_at, stopped_at, json_build_object('state', state, 'reason', 'replied')
    from sla_clocks where stopped_at is not null
) lives order by id, place;

create function refuse_change() returns trigger language plpgsql as
  $$ begin raise exception '% is never changed', tg_table_name; end $$;
create trigger immutable before update on sla_clock_history for each statement execute function refuse_change();
create trigger immutable before update of user_id, version, definition on sla_setting_versions
  for each row execute function refuse_change();
create trigger immutable before update on sla_calendar_versions for each row execute function refuse_change();

-- What a warning or a breach shall do to its email: done one by one, each under its email's lock.
create table sla_escalations (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null references emails (id) on delete cascade,
  action text not null check (action in ('raise_priority', 'reassign')),
  reason text not null,
  due_at timestamptz(3) not null
);
create index sla_escalations_due_idx on sla_escalations (due_at);
create index sla_escalations_email_idx on sla_escalations (email_id);
create index sla_escalations_user_idx on sla_escalations (user_id);
`
